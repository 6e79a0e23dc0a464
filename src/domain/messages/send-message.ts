import type { Context } from '#context.ts'
import { withMentions } from '#data/messages/mentions.ts'
import { type NewMessage, type Sent, sendWithFile } from '#data/messages/sending.ts'
import type { HostedFile, StoredFile } from '#data/rows.ts'
import { findBanOf } from '#data/users/bans.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { deliverUnkept } from '#domain/messages/deliver-unkept.ts'
import { parseText } from '#domain/messages/parse-text.ts'
import type { ParsedText } from '#domain/messages/parse-texts.ts'
import { previewLater } from '#domain/messages/preview-later.ts'
import { bannedError } from '#domain/users/bans/banned-error.ts'
import { unknownUser } from '#domain/users/unknown-user.ts'
import { ChatError, notFound, unlessGone } from '#errors.ts'
import type { FileMessageFields, SeenMessage, SendMessage } from '#resources/message.ts'
import { referencedUser } from '#resources/user.ts'

/** The place that a message is sent to: the main thread of a channel, or another of its threads. */
export type MessageTarget = Pick<NewMessage, 'channelId' | 'thread'>

/** A message with a file that is already stored. */
export type SendHostedFile = { type: 'HOSTED'; file: HostedFile } & FileMessageFields

/**
 * Sends a message to a channel or one of its threads. Backends send as the system or on behalf of a user, who need not
 * be a member (contract g); users send as themselves, and must be members. Takes one round trip, shared with concurrent
 * sends. If the channel does not store messages, the message is only delivered.
 * @throws ChatError 404 if the channel or the user does not exist, AccessDeniedError if the user is not a member
 */
export async function sendMessage(
  ctx: Context,
  caller: Caller,
  target: MessageTarget,
  input: SendMessage | SendHostedFile,
): Promise<SeenMessage> {
  const { channelId } = target
  const message = await describe(ctx, caller, target, input)
  const sending =
    input.type === 'HOSTED' ? sendWithFile(ctx.db, message, input.file.key) : submit(ctx, message)
  const sent = await sending.catch(unlessGone('channel', channelId))
  if (sent === 'no channel') throw notFound('channel', channelId)
  if (sent === 'no member') throw await notAMember(ctx, caller, channelId)
  if (sent === 'banned') throw await whyBanned(ctx, caller, message)
  if (sent === 'no user') throw unknownUser(message.user ?? {})
  if ('unkept' in sent) return deliverUnkept(ctx, message, sent.unkept)
  await withMentions(ctx.db, [sent])
  if ('links' in sent) previewLater(ctx, sent.id, sent.links)
  return sent
}

/** Submits a message. Messages committed together are one statement, which is a span of its own in each trace. */
function submit({ sender, tracing }: Context, message: NewMessage): Promise<Sent> {
  if (!tracing) return sender.submit(message)
  return tracing.statement('send-message', () => sender.submit({ ...message, traceparent: tracing.current }))
}

/** Returns why a user could not send: the channel is hidden from them, or they are just not a member. */
async function notAMember(ctx: Context, caller: Caller, channelId: number): Promise<ChatError> {
  if (caller.kind === 'user') await mustBeMember(ctx, caller, channelId)
  return new ChatError('AccessDeniedError', `Only members may write in channel ${channelId}`)
}

async function whyBanned(ctx: Context, caller: Caller, { user = {} }: NewMessage): Promise<ChatError> {
  const ban = await findBanOf(ctx.db, caller.applicationId, user)
  return bannedError(ban ?? {}, caller.kind)
}

const plain: ParsedText = { mentions: [], links: [] }

async function describe(
  ctx: Context,
  caller: Caller,
  target: MessageTarget,
  input: SendMessage | SendHostedFile,
): Promise<NewMessage> {
  const content =
    input.type === 'TEXT'
      ? { body: input.body, ...(await parseText(ctx, caller, input.body)) }
      : { file: storedFile(input), ...plain }
  return {
    applicationId: caller.applicationId,
    ...target,
    properties: input.properties ?? {},
    ...content,
    ...authorOf(caller, input),
    ...(input.groupTag !== undefined && { groupTag: input.groupTag }),
    ...(ctx.tracing && { traceparent: ctx.tracing.current }),
  }
}

function storedFile(input: Exclude<SendMessage, { type: 'TEXT' }> | SendHostedFile): StoredFile {
  return input.type === 'HOSTED' ? { type: 'HOSTED', ...input.file } : { type: 'EXTERNAL', ...input.file }
}

type Author = Pick<NewMessage, 'user' | 'memberOnly' | 'cause'>

/** Returns the author; forms may give just a username instead of a reference in JSON. */
function authorOf(caller: Caller, input: SendMessage | SendHostedFile): Author {
  if (caller.kind === 'user') {
    return { user: { id: caller.userId }, memberOnly: true, cause: causeOf(caller) }
  }
  if (input.user) return { user: referencedUser(input.user) }
  return input.type === 'HOSTED' && input.username ? { user: { username: input.username } } : {}
}
