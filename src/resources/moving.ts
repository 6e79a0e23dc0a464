// What moves in from other services, in types of our own: every source is read into these, and one writer stores them.
// Users, channels and messages are referred to by their keys, which are their ids at the source.
import { z } from 'zod'
import { ChannelType, directMembersMax } from '#resources/channel.ts'
import { GivenTime, Properties, RequiredText, Text, Toggle } from '#resources/define.ts'
import { FunctionType } from '#resources/function.ts'
import { bodyMax, ExternalFile, MessageLink } from '#resources/message.ts'
import { EnvironmentVariables, scriptMax } from '#resources/runtime.ts'
import { nameMax } from '#resources/user.ts'

const Key = RequiredText(1024)

export const MovedSettings = z.object({
  guestUsers: Toggle.optional(),
  userCreatedChannels: Toggle.optional(),
  /** Properties of the application. */
  properties: Properties.optional(),
  /** Settings of chat user interfaces, by part. */
  ui: z.partialRecord(z.enum(['elements', 'features', 'styles']), Properties).optional(),
})
export type MovedSettings = z.output<typeof MovedSettings>

export const MovedUser = z.object({
  type: z.enum(['PERSON', 'BOT']).default('PERSON'),
  name: RequiredText(nameMax),
  displayName: RequiredText(nameMax),
  isGuest: z.boolean().default(false),
  presenceStatus: RequiredText(nameMax).optional(),
  properties: Properties.default({}),
  createdTime: GivenTime.optional(),
  /** Whether the user was deleted at the source but has written messages. */
  isDeleted: z.boolean().default(false),
})
export type MovedUser = z.output<typeof MovedUser>

/** The item's key is the user's. */
export const MovedPicture = z.object({
  url: ExternalFile.shape.url,
  /** Whether to copy the picture to this server; otherwise its URL is kept. */
  isHosted: z.boolean(),
})
export type MovedPicture = z.output<typeof MovedPicture>

export const MovedChannel = z
  .object({
    type: ChannelType,
    /** Name of a group channel; random if absent. */
    name: RequiredText(nameMax).optional(),
    displayName: RequiredText(nameMax).optional(),
    creator: Key.optional(),
    /** Members of a direct channel, by which it is found. */
    members: z.array(Key).max(directMembersMax, `has more than ${directMembersMax} members`).default([]),
    properties: Properties.default({}),
    createdTime: GivenTime,
  })
  .refine(({ type, members }) => type !== 'DIRECT' || members.length > 0, 'has no members')
export type MovedChannel = z.output<typeof MovedChannel>

export const MovedMember = z.object({
  channel: Key,
  user: Key,
  moderator: z.boolean().default(false),
  muted: z.boolean().default(false),
  createdTime: GivenTime,
})
export type MovedMember = z.output<typeof MovedMember>

export const MovedInvite = z.object({ channel: Key, user: Key, createdTime: GivenTime })
export type MovedInvite = z.output<typeof MovedInvite>

const MovedMention = z.object({
  type: z.enum(['USER', 'CHANNEL']),
  tag: Text(nameMax + 8),
  startPosition: z.number().int().min(0),
  endPosition: z.number().int().min(0),
  /** The key of the user or the channel. */
  key: Key,
})

export const MovedMessage = z
  .object({
    channel: Key,
    /** The author; absent for a system message. */
    user: Key.optional(),
    body: RequiredText(bodyMax).optional(),
    file: ExternalFile.extend({ isHosted: z.boolean() }).optional(),
    groupTag: Text(nameMax).optional(),
    /** If absent, mentions are parsed from the body. */
    mentions: z.array(MovedMention).optional(),
    links: z.array(MessageLink).optional(),
    nestedLevel: z.number().int().min(0).default(0),
    /** The number of replies; undefined if there never was one. */
    replies: z.number().int().min(0).optional(),
    /** In the order in which they were first used; the times are rarely known. */
    reactions: z
      .array(z.object({ emoji: RequiredText(64), users: z.array(Key), createdTime: GivenTime.optional() }))
      .default([]),
    properties: Properties.default({}),
    createdTime: GivenTime,
    lastEditedTime: GivenTime.optional(),
  })
  .refine(({ body, file }) => (body === undefined) !== (file === undefined), 'has neither a body nor a file')
export type MovedMessage = z.output<typeof MovedMessage>

/** The readers of a message; the item's key is the message's. */
export const MovedReceipts = z.object({
  channel: Key,
  author: Key.optional(),
  readers: z.array(z.object({ user: Key, time: GivenTime })),
})
export type MovedReceipts = z.output<typeof MovedReceipts>

export const MovedNotification = z.object({
  recipient: Key,
  message: Key,
  type: z.enum([
    'USER:SENT:MESSAGE',
    'SYSTEM:SENT:MESSAGE',
    'USER:REPLIED_TO:MESSAGE',
    'USER:MENTIONED:USER',
    'USER:MENTIONED:CHANNEL',
  ]),
  mentionedChannel: Key.optional(),
  title: Text(2048),
  body: Text(bodyMax),
  muted: z.boolean().default(false),
  readTime: GivenTime.optional(),
  createdTime: GivenTime,
})
export type MovedNotification = z.output<typeof MovedNotification>

export const MovedRuntime = z.object({
  dependencies: z.array(z.object({ name: RequiredText(214), version: RequiredText(256) })),
  environmentVariables: EnvironmentVariables,
  initializationScript: Text(scriptMax).optional(),
})
export type MovedRuntime = z.output<typeof MovedRuntime>

export const MovedFunction = z.object({
  type: FunctionType,
  name: RequiredText(nameMax),
  description: Text(2048).optional(),
  enabled: z.boolean(),
  /** Scripts of the versions, oldest first. */
  versions: z.array(RequiredText(scriptMax)),
})
export type MovedFunction = z.output<typeof MovedFunction>

/** In the order in which they are written: each kind may refer to those before it. */
export const movedKinds = {
  settings: MovedSettings,
  user: MovedUser,
  picture: MovedPicture,
  channel: MovedChannel,
  message: MovedMessage,
  member: MovedMember,
  invite: MovedInvite,
  receipts: MovedReceipts,
  notification: MovedNotification,
  runtime: MovedRuntime,
  function: MovedFunction,
}
export type MovedKind = keyof typeof movedKinds
export type Moved<K extends MovedKind> = z.output<(typeof movedKinds)[K]>
