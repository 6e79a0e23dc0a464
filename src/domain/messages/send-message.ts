import type { Context } from '#context.ts'
import { withMentions } from '#data/mentions.ts'
import type { HostedFile, StoredFile } from '#data/rows.ts'
import { type NewMessage, sendWithFile } from '#data/sending.ts'
import { referencedId } from '#data/users.ts'
import type { Caller } from '#domain/access.ts'
import { type ParsedText, parseText } from '#domain/messages/parse-text.ts'
import { unknownUser } from '#domain/users/resolve-users.ts'
import { isConstraintError, notFound } from '#errors.ts'
import type { FileMessageFields, Message, SendMessage } from '#resources/message.ts'

/** Where a message goes: a channel's main thread, or another of its threads. */
export type Place = Pick<NewMessage, 'channelId' | 'thread'>

/** A message with a file that is stored already. */
export type SendHostedFile = { type: 'HOSTED'; file: HostedFile } & FileMessageFields

/**
 * Sends a message to a channel or one of its threads, as the system or on behalf of a user, who need not be a member
 * (contract g). One round trip, shared with what is sent at the same time.
 * @throws ChatError 404 where the channel or the user does not exist
 */
export async function sendMessage(
  ctx: Context,
  caller: Caller,
  place: Place,
  input: SendMessage | SendHostedFile,
): Promise<Message> {
  const { channelId } = place
  const message = await describe(ctx, caller, place, input)
  const sending =
    input.type === 'HOSTED' ? sendWithFile(ctx.db, message, input.file.key) : ctx.sender.submit(message)
  const sent = await sending.catch((error) => {
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
  place: Place,
  input: SendMessage | SendHostedFile,
): Promise<NewMessage> {
  const content =
    input.type === 'TEXT'
      ? { body: input.body, ...(await parseText(ctx, caller, input.body)) }
      : { file: storedFile(input), ...plain }
  return {
    applicationId: caller.applicationId,
    ...place,
    properties: input.properties ?? {},
    ...content,
    ...authorOf(input),
    ...(input.groupTag !== undefined && { groupTag: input.groupTag }),
  }
}

function storedFile(input: Exclude<SendMessage, { type: 'TEXT' }> | SendHostedFile): StoredFile {
  return input.type === 'HOSTED' ? { type: 'HOSTED', ...input.file } : { type: 'EXTERNAL', ...input.file }
}

/** Forms may name the author without the JSON of a reference. */
function authorOf(input: SendMessage | SendHostedFile): Pick<NewMessage, 'user'> {
  if (input.user) return { user: referencedId(input.user) }
  return input.type === 'HOSTED' && input.username ? { user: { username: input.username } } : {}
}
