import { z } from 'zod'
import { address, cursorAddress, defineHypermedia, pagedAddress } from '#resources/address.ts'
import {
  Amount,
  defineResource,
  FormJson,
  FormText,
  Id,
  isStorable,
  Properties,
  RequiredText,
  served,
  Text,
  Timestamp,
} from '#resources/define.ts'
import { nameMax, User, UserReference } from '#resources/user.ts'

export const bodyMax = 65_536

export const File = z
  .object({
    type: z.enum(['HOSTED', 'EXTERNAL']),
    url: z.string().register(served, { served: true }),
    name: z.string(),
    contentType: z.string(),
    size: Amount,
  })
  .meta({ id: 'FileProperties' })
export type File = z.output<typeof File>

export const ExternalFile = z
  .object({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
      .max(8192)
      .refine(isStorable, 'must be well-formed Unicode without NUL characters'),
    name: RequiredText(nameMax),
    contentType: RequiredText(nameMax),
    size: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).meta({ format: 'int64' }),
  })
  .meta({ id: 'CreateExternalFileProperties' })
export type ExternalFile = z.output<typeof ExternalFile>

const MessageLinkPreview = z
  .object({
    url: z.string(),
    title: z.string(),
    image: z.object({ source: z.string() }).meta({ id: 'MessageLinkPreviewImageProperties' }),
    description: z.string().optional(),
    siteName: z.string().optional(),
  })
  .meta({ id: 'MessageLinkPreviewProperties' })

/** Positions are UTF-16 offsets into the body, the end exclusive (runtime contract 7.3). */
const Span = z.object({
  startPosition: z.number().int().meta({ format: 'int32' }),
  endPosition: z.number().int().meta({ format: 'int32' }),
})

export const MessageLink = z
  .object({ source: z.string(), ...Span.shape, preview: MessageLinkPreview.optional() })
  .meta({ id: 'MessageLinkProperties' })
export type MessageLink = z.output<typeof MessageLink>

/** A channel as a mention shows it, without its last message. */
export const MentionedChannel = z
  .object({
    id: Id,
    type: z.enum(['DIRECT', 'PUBLIC', 'PRIVATE']),
    name: z.string().optional(),
    displayName: z.string().optional(),
    creator: User.optional(),
    properties: Properties,
    createdTime: Timestamp,
  })
  .meta({ id: 'MessageMentionChannelProperties' })
export type MentionedChannel = z.output<typeof MentionedChannel>

export const MessageMention = z
  .discriminatedUnion('type', [
    z
      .object({ type: z.literal('USER'), tag: z.string(), ...Span.shape, user: User })
      .meta({ id: 'ChatUserMessageMentionProperties' }),
    z
      .object({ type: z.literal('CHANNEL'), tag: z.string(), ...Span.shape, channel: MentionedChannel })
      .meta({ id: 'ChannelMessageMentionProperties' }),
  ])
  .meta({ id: 'MessageMentionProperties' })
export type MessageMention = z.output<typeof MessageMention>

export const Emoji = z
  .object({
    character: z.string(),
    description: z.string(),
    aliases: z.array(z.string()),
    tags: z.array(z.string()),
  })
  .meta({ id: 'EmojiProperties' })
export type Emoji = z.output<typeof Emoji>

const ReactionsSummary = z
  .object({ emoji: Emoji, users: z.array(User), count: z.number().int().meta({ format: 'int64' }) })
  .meta({ id: 'MessageReactionsSummaryProperties' })

const base = {
  id: Id,
  channelId: Id.describe('Id of the channel that the message was sent to'),
  groupTag: z.string().optional().describe('Identifies messages that belong together, such as a gallery'),
  nestedLevel: z
    .number()
    .int()
    .meta({ format: 'int32', description: "Depth of the message's thread. 0 in the main thread" }),
  reactions: z.array(ReactionsSummary).optional(),
  repliesCount: z.number().int().optional().meta({ format: 'int64' }),
  reportCount: z.number().int().optional().meta({ format: 'int64' }),
  properties: Properties,
  createdTime: Timestamp.describe('Time at which the message was sent'),
  lastEditedTime: Timestamp.optional().describe('Time at which the body was last changed'),
}
const text = { body: z.string(), links: z.array(MessageLink), mentions: z.array(MessageMention) }

/** System messages have no `user`; clients distinguish the variants by that, and by `body` and `file`. */
export const Message = z
  .discriminatedUnion('type', [
    z
      .object({ type: z.literal('TEXT'), ...base, ...text, user: User })
      .meta({ id: 'TextChatUserMessageProperties' }),
    z
      .object({ type: z.literal('FILE'), ...base, file: File, user: User })
      .meta({ id: 'FileChatUserMessageProperties' }),
    z
      .object({ type: z.literal('SYSTEM_TEXT'), ...base, ...text })
      .meta({ id: 'TextSystemMessageProperties' }),
    z
      .object({ type: z.literal('SYSTEM_FILE'), ...base, file: File })
      .meta({ id: 'FileSystemMessageProperties' }),
  ])
  .meta({ id: 'MessageProperties' })
export type Message = z.output<typeof Message>

const send = {
  groupTag: Text(nameMax).optional(),
  properties: Properties.optional(),
  user: UserReference.optional().describe(
    'User on whose behalf the message is sent. If absent, it is a system message',
  ),
}

/** Without `user`, the message is a system message (contract d: there is no SYSTEM_* request type). */
export const SendMessage = z
  .discriminatedUnion('type', [
    z
      .object({ type: z.literal('TEXT'), body: RequiredText(bodyMax), ...send })
      .meta({ id: 'CreateTextMessageResource' }),
    z
      .object({ type: z.literal('FILE'), file: ExternalFile, ...send })
      .meta({ id: 'CreateFileMessageResource' }),
  ])
  .meta({ id: 'CreateMessageResource' })
export type SendMessage = z.output<typeof SendMessage>

/** A message that a user sends: the author is always that user. */
export const WriteMessage = z.discriminatedUnion('type', [
  SendMessage.options[0].omit({ user: true }),
  SendMessage.options[1].omit({ user: true }),
])
export type WriteMessage = z.output<typeof WriteMessage>

/** The parts of a message's multipart form besides its file; blank parts count as absent. */
export const FileMessageFields = z
  .object({
    groupTag: FormText(Text(nameMax).optional()),
    properties: FormJson(Properties.optional()),
    user: FormJson(UserReference.optional()),
    username: FormText(Text(nameMax).optional()).describe(
      'Name of the user on whose behalf the message is sent, instead of `user`',
    ),
  })
  .meta({ id: 'FileMessageMultipart' })
export type FileMessageFields = z.output<typeof FileMessageFields>

/** A merge patch (RFC 7396). */
export const PatchMessage = z
  .object({ body: RequiredText(bodyMax).optional(), properties: Properties.nullable().optional() })
  .meta({ id: 'MessagePropertiesPatch' })
export type PatchMessage = z.output<typeof PatchMessage>

export const messageResource = defineResource({
  name: 'message',
  collection: 'messages',
  component: 'MessageResource',
  shape: Message,
  links: {
    self: (message) => `/messages/${message.id}`,
    user: (message) => ('user' in message ? `/users/${message.user.id}` : null),
    channel: (message) => `/channels/${message.channelId}`,
    application: () => '',
  },
})

// ---------------------------------------------------------------------------------------- in real time

/** A message with the id of the message that it replies to, if any. */
export type SeenMessage = Message & { parentId?: number | undefined }

export const messageHypermedia = defineHypermedia<SeenMessage>()(Message, {
  params: ({ id }) => ({ id }),
  relays: {
    self: address('/application/messages/{id}.relay'),
    channel: address('/application/messages/{id}.channel.relay'),
    parent: address('/application/messages/{id}.parent.relay'),
    readReceipts: pagedAddress('/application/messages/{id}.read_receipts.relay'),
    repliesCount: address('/application/messages/{id}.replies_count.relay'),
    replies: cursorAddress('/application/messages/{id}.replies.relay'),
    reactions: pagedAddress('/application/messages/{id}.reactions.relay'),
    reportCount: address('/application/messages/{id}.report_count.relay'),
    reports: pagedAddress('/application/messages/{id}.reports.relay'),
  },
  actions: {
    read: address('/application/messages/{id}.read'),
    unread: address('/application/messages/{id}.unread'),
    reply: address('/application/messages/{id}.reply'),
    deleteForMe: address('/application/messages/{id}.delete_for_me'),
    delete: address('/application/messages/{id}.delete'),
    react: address('/application/messages/{id}.react'),
    edit: address('/application/messages/{id}.edit'),
    report: address('/application/messages/{id}.report'),
    removeReport: address('/application/messages/{id}.remove_report'),
    removeReaction: address('/application/messages/{id}.remove_reaction'),
    updateProperties: address('/application/messages/{id}.update_properties'),
  },
  streams: { replies: address('/v1/runtime/messages/{id}/replies') },
  when: { parent: ({ parentId }) => parentId !== undefined },
})

const ofMessage = { message: address('/application/messages/{messageId}.relay') }

const ReactionShape = z.object({ emoji: Emoji, user: User, createdTime: Timestamp })
/** A user's reaction to a message; the message's id is needed for its relay. */
export type Reaction = z.output<typeof ReactionShape> & { messageId: number }
export const Reaction = ReactionShape

/** The shape that functions receive. */
export const reactionResource = defineResource<typeof ReactionShape, Reaction>({
  name: 'reaction',
  collection: 'reactions',
  component: 'MessageReactionResource',
  shape: ReactionShape,
  links: {
    user: (reaction) => `/users/${reaction.user.id}`,
    message: (reaction) => `/messages/${reaction.messageId}`,
    application: () => '',
  },
})

export const reactionHypermedia = defineHypermedia<Reaction>()(Reaction, {
  params: ({ messageId }) => ({ messageId }),
  relays: ofMessage,
})

export const EditMessage = z.object({ body: RequiredText(bodyMax) })
export type EditMessage = z.output<typeof EditMessage>

export const UpdateMessageProperties = z.object({ properties: Properties })
export type UpdateMessageProperties = z.output<typeof UpdateMessageProperties>

/** A Unicode character, an alias, or `:alias:`. */
export const ReactToMessage = z.object({ emoji: Text(nameMax) })
export type ReactToMessage = z.output<typeof ReactToMessage>

export const ReportMessage = z.object({
  reason: RequiredText(bodyMax),
  properties: Properties.optional(),
})
export type ReportMessage = z.output<typeof ReportMessage>

export const MessageReport = z.object({
  user: User,
  reason: z.string(),
  properties: Properties,
  createdTime: Timestamp,
})
export type MessageReport = z.output<typeof MessageReport>
