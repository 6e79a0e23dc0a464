// Mentions are stored as ids, and read with the present data of users and channels.
import { column, columnsOf, int8, mapped, oneOf, select, text } from '#data/columns.ts'
import { type Db, type Querier, readingByKey } from '#data/database.ts'
import { authorColumns, channelShape, type MessageRecord, type StoredMention, stored } from '#data/rows.ts'
import { usersById } from '#data/users/users.ts'
import type { MentionedChannel, Message, MessageMention } from '#resources/message.ts'

/** Fills in the mentions of a page of messages: two round trips at most, none if nobody is mentioned. */
export async function withMentions<M extends Message>(db: Db, messages: M[]): Promise<M[]> {
  const mentions = messages.flatMap((message) => (message as MessageRecord)[stored] ?? [])
  if (mentions.length === 0) return messages
  const idsOf = (type: StoredMention['type']) => [
    ...new Set(mentions.filter((mention) => mention.type === type).map(({ id }) => id)),
  ]
  const [users, channels] = await Promise.all([
    usersById(db, idsOf('USER')),
    mentionedChannels(db, idsOf('CHANNEL')),
  ])
  for (const message of messages) {
    const kept = (message as MessageRecord)[stored]
    if (!kept || !('mentions' in message)) continue
    message.mentions = kept.flatMap(({ id, type, ...place }): MessageMention[] => {
      if (type === 'USER') {
        const user = users.get(id)
        return user ? [{ type, ...place, user }] : []
      }
      const channel = channels.get(id)
      return channel ? [{ type, ...place, channel }] : []
    })
  }
  return messages
}

async function mentionedChannels(db: Db, ids: number[]): Promise<Map<number, MentionedChannel>> {
  if (ids.length === 0) return new Map()
  const channels = await db.all(channelsStatement, [ids])
  return new Map(channels.map((channel) => [channel.id, channel]))
}

const channelsStatement = readingByKey(
  'mentioned-channels',
  mapped(
    select({ ...columnsOf(channelShape, 'c'), creator: authorColumns('u') }),
    (channel) => channel as MentionedChannel, // direct channels have no name to mention them by
  ),
  (columns) => `
    select ${columns} from channel c left join "user" u on u.id = c.creator_id where c.id = any($1::bigint[])`,
)

/**
 * Returns the users and group channels of an application with these names. Users can only mention channels they know:
 * public ones and their own.
 */
export async function findMentioned(
  db: Querier,
  applicationId: number,
  usernames: string[],
  channelNames: string[],
  mentioningUserId?: number,
) {
  const values = [applicationId, usernames, channelNames, mentioningUserId ?? null]
  const found = { users: new Map<string, number>(), channels: new Map<string, number>() }
  for (const { kind, name, id } of await db.all(findStatement, values)) found[kind].set(name, id)
  return found
}

const findStatement = readingByKey(
  'find-mentioned',
  select({
    kind: column(oneOf<'users' | 'channels'>(), 'kind'),
    name: column(text, 'name'),
    id: column(int8, 'id'),
  }),
  (columns) => `
    select ${columns} from (
      select 'users' as kind, name, id from "user"
      where application_id = $1 and deleted_time is null and name = any($2::text[])
      union all
      select 'channels', c.name, c.id from channel c
      where c.application_id = $1 and c.type <> 'DIRECT' and c.name = any($3::text[])
        and ($4::bigint is null or c.type = 'PUBLIC' or exists (
          select from channel_membership cm where cm.channel_id = c.id and cm.user_id = $4))
    ) found`,
)
