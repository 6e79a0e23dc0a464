import type { Context } from '#context.ts'
import { isConstraintError } from '#data/database.ts'
import { withMentions } from '#data/mentions.ts'
import type { NewMessage } from '#data/messages.ts'
import { referencedId } from '#data/users.ts'
import type { Caller } from '#domain/access.ts'
import { type ParsedText, parseText } from '#domain/messages/parse-text.ts'
import { unknownUser } from '#domain/users/resolve-users.ts'
import { notFound } from '#errors.ts'
import type { File, Message, SendMessage } from '#resources/message.ts'

/**
 * Sends a message to a channel's main thread, as the system or on behalf of a user, who need not be a member
 * (contract g). One round trip, shared with what is sent at the same time.
 * @throws ChatError 404 where the channel or the user does not exist
 */
export async function sendMessage(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: SendMessage,
): Promise<Message> {
  const message = await describe(ctx, caller, channelId, input)
  const sent = await ctx.sender.submit(message).catch((error) => {
    // The channel was deleted while the message was on its way.
    throw isConstraintError(error, 'foreign_key') ? notFound('channel', channelId) : error
  })
  if (sent === 'no channel') throw notFound('channel', channelId)
  if (sent === 'no user') throw unknownUser(message.user ?? {})
  await withMentions(ctx.db, [sent])
  return sent
}

const plain: ParsedText = { mentions: [], links: [] }

async function describe(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: SendMessage,
): Promise<NewMessage> {
  const content =
    input.type === 'TEXT'
      ? { body: input.body, ...(await parseText(ctx, caller, input.body)) }
      : { file: { type: 'EXTERNAL', ...input.file } satisfies File, ...plain }
  return {
    applicationId: caller.applicationId,
    channelId,
    properties: input.properties ?? {},
    ...content,
    ...(input.user && { user: referencedId(input.user) }),
    ...(input.groupTag !== undefined && { groupTag: input.groupTag }),
  }
}
