import type { Db } from '#data/database.ts'
import { withMentions } from '#data/messages/mentions.ts'
import { withReactions } from '#data/messages/reactions.ts'
import { withAuthors } from '#data/users/known-users.ts'
import type { Message } from '#resources/message.ts'

/** Fills in what other tables have about a page of messages, without a query for what no message has. */
export async function withDetails<M extends Message>(db: Db, messages: M[]): Promise<M[]> {
  const [authored] = await Promise.all([
    withAuthors(db, messages),
    withMentions(db, messages),
    withReactions(db, messages),
  ])
  return authored
}
