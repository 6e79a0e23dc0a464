// Mentions are kept as ids and read with what they mean now.
import type { Db } from '#data/database.ts'
import {
  channelColumns,
  channelWidth,
  type MessageRecord,
  type StoredMention,
  stored,
  toUser,
  userColumns,
} from '#data/rows.ts'
import { usersById } from '#data/users.ts'
import type { MentionedChannel, Message, MessageMention } from '#resources/message.ts'

/** Fills in the mentions of a page of messages: two round trips at the most, none where nobody is mentioned. */
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
  const rows = await db.query(channelsStatement, [ids])
  return new Map(
    rows.map((row) => [
      row[0] as number,
      {
        id: row[0] as number,
        type: row[1] as MentionedChannel['type'],
        name: row[2] as string,
        displayName: row[3] as string,
        properties: row[4] as MentionedChannel['properties'],
        createdTime: row[5] as string,
        creator: toUser(row, channelWidth),
      },
    ]),
  )
}

const channelsStatement = {
  name: 'mentioned-channels',
  text: `
    select ${channelColumns('c')}, ${userColumns('u')}
    from channel c left join "user" u on u.id = c.creator_id where c.id = any($1::bigint[])`,
}

/**
 * The users and group channels of an application with these names. Who mentions a channel must know of it: users know
 * the public ones and their own.
 */
export async function findMentioned(
  db: Pick<Db, 'query'>,
  applicationId: number,
  usernames: string[],
  channelNames: string[],
  mentioningUserId?: number,
) {
  const values = [applicationId, usernames, channelNames, mentioningUserId ?? null]
  const rows = await db.query(findStatement, values)
  const found = { users: new Map<string, number>(), channels: new Map<string, number>() }
  for (const row of rows) found[row[0] as 'users' | 'channels'].set(row[1] as string, row[2] as number)
  return found
}

const findStatement = {
  name: 'find-mentioned',
  text: `
    select 'users', name, id from "user" where application_id = $1 and deleted_time is null and name = any($2::text[])
    union all
    select 'channels', c.name, c.id from channel c
    where c.application_id = $1 and c.type <> 'DIRECT' and c.name = any($3::text[])
      and ($4::bigint is null or c.type = 'PUBLIC' or exists (
        select from channel_membership cm where cm.channel_id = c.id and cm.user_id = $4))`,
}
