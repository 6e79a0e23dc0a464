// Reactions to messages. A message's row has the number of its reactions, so that messages without any cost nothing.
import { column, columnsOf, int8, mapped, select, text, timestamptz } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { knownSorts, listPage } from '#data/lists.ts'
import { findEmoji } from '#data/messages/emoji.ts'
import { userColumns } from '#data/rows.ts'
import { sortableUsers } from '#data/users/user-lists.ts'
import type { Emoji, Message, Reaction } from '#resources/message.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

/** How many users are shown with each reaction of a message; the count includes all. */
const shownUsersMax = 25

// Emoji are in the order of their first use. Index: reaction (message_id, emoji, user_id).
const summariesStatement = reading(
  'reaction-summaries',
  select({ ...columnsOf({ messageId: int8, emoji: text, count: int8 }, 'r'), user: userColumns('u') }),
  (columns) => `
    select ${columns}
    from (
      select message_id, emoji, count(*) as count, min(created_time) as since from reaction
      where message_id = any($1::bigint[]) group by message_id, emoji
    ) r
    cross join lateral (
      select user_id from reaction s where s.message_id = r.message_id and s.emoji = r.emoji
      order by user_id limit ${shownUsersMax}
    ) shown
    join "user" u on u.id = shown.user_id
    order by r.message_id, r.since, r.emoji, u.id`,
)

/** Fills in the reactions of a page of messages: one round trip, none if there are no reactions. */
export async function withReactions<M extends Message>(db: Db, messages: M[]): Promise<M[]> {
  const byId = new Map<number, M[]>()
  for (const message of messages) {
    if (message.reactions === undefined) continue
    message.reactions = []
    byId.set(message.id, [...(byId.get(message.id) ?? []), message])
  }
  if (byId.size === 0) return messages
  for (const { messageId, emoji, count, user } of await db.all(summariesStatement, [[...byId.keys()]])) {
    for (const { reactions = [] } of byId.get(messageId) ?? []) {
      const last = reactions.at(-1)
      if (last?.emoji.character === emoji) last.users.push(user)
      else reactions.push({ emoji: emojiOf(emoji), users: [user], count })
    }
  }
  return messages
}

/** Returns the emoji of a stored character, with an empty description if the current data do not have it. */
function emojiOf(character: string): Emoji {
  return findEmoji(character) ?? { character, description: '', aliases: [], tags: [] }
}

const reactionColumns = mapped(
  select({
    ...columnsOf({ messageId: int8, emoji: text, createdTime: timestamptz }, 'r'),
    user: userColumns('u'),
  }),
  ({ emoji, ...reaction }) => ({ emoji: emojiOf(emoji), ...reaction }),
)

const sortable = { ...sortableUsers, createdTime: 'r.created_time', emoji: 'r.emoji' }

/** Lists the reactions to a message, oldest first. */
export function listReactions(db: Db, messageId: number, page: PageRequest): Promise<Page<Reaction>> {
  return listPage(
    db,
    {
      name: 'list-reactions',
      resource: 'reaction',
      from: sql`reaction r join "user" u on u.id = r.user_id`,
      id: 'r.ctid',
      where: [sql`r.message_id = ${messageId}::bigint`],
      sortable,
      order: 'r.created_time, r.emoji, r.user_id',
      columns: reactionColumns,
      joins: 'join reaction r on r.ctid = page.id join "user" u on u.id = r.user_id',
    },
    knownSorts(page, sortable),
  )
}

/**
 * Adds a reaction, at most once. @returns the time of the reaction, and whether it is new
 * @throws a foreign key violation if the message no longer exists
 */
export async function insertReaction(
  tx: Tx,
  messageId: number,
  userId: number,
  emoji: string,
): Promise<{ createdTime: string; isNew: boolean }> {
  const key = [messageId, emoji, userId]
  const createdTime = await tx.one(insertStatement, key)
  if (createdTime !== undefined) return { createdTime, isNew: true }
  return { createdTime: await tx.single(sinceStatement, key), isNew: false }
}

const insertStatement = reading(
  'insert-reaction',
  column(timestamptz, 'created_time'),
  (columns) => `
    with added as (
      insert into reaction (message_id, emoji, user_id) values ($1, $2, $3) on conflict do nothing
      returning created_time
    ), counted as (
      update message set reaction_count = reaction_count + 1 where id = $1 and exists (select from added)
    )
    select ${columns} from added`,
)
const sinceStatement = reading(
  'reacted-since',
  column(timestamptz, 'created_time'),
  (columns) => `select ${columns} from reaction where message_id = $1 and emoji = $2 and user_id = $3`,
)

/** @returns the time of the reaction, or undefined if there was none */
export function deleteReaction(
  tx: Tx,
  messageId: number,
  userId: number,
  emoji: string,
): Promise<string | undefined> {
  return tx.one(deleteStatement, [messageId, emoji, userId])
}

const deleteStatement = reading(
  'delete-reaction',
  column(timestamptz, 'created_time'),
  (columns) => `
    with removed as (
      delete from reaction where message_id = $1 and emoji = $2 and user_id = $3 returning created_time
    ), counted as (
      update message set reaction_count = greatest(reaction_count - 1, 0)
      where id = $1 and exists (select from removed)
    )
    select ${columns} from removed`,
)
