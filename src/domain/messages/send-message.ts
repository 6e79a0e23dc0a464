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

/** Where a message goes: a channel's main thread, or another of its threads. */
export type MessageTarget = Pick<NewMessage, 'channelId' | 'thread'>

/** A message with a file that is stored already. */
export type SendHostedFile = { type: 'HOSTED'; file: HostedFile } & FileMessageFields

/**
 * Sends a message to a channel or one of its threads. A backend does so as the system or on behalf of a user, who need
 * not be a member (contract g); a user as themselves, where they are a member. One round trip, shared with what is sent at the
 * same time.
 * In a channel that keeps no messages it is delivered alone.
 * @throws ChatError 404 where the channel or the user does not exist, AccessDeniedError for who is no member
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

/** What is committed together is one statement; in each trace it is a part of its own. */
function submit({ sender, tracing }: Context, message: NewMessage): Promise<Sent> {
  if (!tracing) return sender.submit(message)
  return tracing.statement('send-message', () => sender.submit({ ...message, traceparent: tracing.current }))
}

/** Why a user could not send: it must not know of the channel, or is only not in it. */
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

/** Forms may name the author without the JSON of a reference. */
function authorOf(caller: Caller, input: SendMessage | SendHostedFile): Author {
  if (caller.kind === 'user') {
    return { user: { id: caller.userId }, memberOnly: true, cause: causeOf(caller) }
  }
  if (input.user) return { user: referencedUser(input.user) }
  return input.type === 'HOSTED' && input.username ? { user: { username: input.username } } : {}
}
