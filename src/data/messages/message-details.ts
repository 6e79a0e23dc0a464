import type { Db } from '#data/database.ts'
import { withMentions } from '#data/messages/mentions.ts'
import { withReactions } from '#data/messages/reactions.ts'
import { withAuthors } from '#data/users/known-users.ts'
import type { Message } from '#resources/message.ts'

/** Completes a page of messages with what other tables know of them: nothing is asked where there is nothing. */
export async function withDetails<M extends Message>(db: Db, messages: M[]): Promise<M[]> {
  const [authored] = await Promise.all([
    withAuthors(db, messages),
    withMentions(db, messages),
    withReactions(db, messages),
  ])
  return authored
}
