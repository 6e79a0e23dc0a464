// Types of resources as clients of the Platform API receive them.
import type { Channel, ChannelMembership } from '#resources/channel.ts'
import type { ChatFunction, FunctionInvocation, FunctionVersion } from '#resources/function.ts'
import type { ChannelInvite } from '#resources/invite.ts'
import type { Job } from '#resources/job.ts'
import type { Message } from '#resources/message.ts'
import type { Notification } from '#resources/notification.ts'
import type { ReadReceipt, ReadReceiptSummary } from '#resources/read-receipt.ts'
import type { Runtime } from '#resources/runtime.ts'
import type { ChatSession, UserSession } from '#resources/session.ts'
import type { Thread } from '#resources/thread.ts'
import type { User } from '#resources/user.ts'

/** The fields of all variants as required; the test knows which of them a document has. */
export type Whole<Variants> = {
  [Field in Variants extends unknown ? keyof Variants : never]: Variants extends {
    [Name in Field]?: infer Value
  }
    ? Exclude<Value, undefined>
    : never
}

type LinkName =
  | 'self'
  | 'user'
  | 'application'
  | 'channels'
  | 'channel'
  | 'member'
  | 'members'
  | 'messages'
  | 'displayPicture'
  | 'notifications'
  | 'versions'
  | 'invocations'

/** A resource with its links. */
type Linked<Resource> = Whole<Resource> & { _links: Record<LinkName, { href: string }> }

export type UserDocument = Linked<User>
export type ChannelDocument = Linked<Channel>
export type MessageDocument = Linked<Message>
export type JobDocument = Linked<Job>
export type FunctionDocument = Linked<ChatFunction>
export type NotificationDocument = Linked<Notification>
export type InvocationDocument = Linked<FunctionInvocation>

/** A page of a list, with its items under the list's name. */
export interface PageDocument<Name extends string, Item> {
  _embedded: Record<Name, Item[]>
  _links: Record<string, { href: string } | undefined>
  page: Record<string, number>
}

/** Returns a resource as it appears inside others, without links. */
export function embedded<T extends object>({ _links, ...fields }: T & { _links?: object }) {
  return fields
}

type Of<Data, Name extends string> = Record<Name, Data>
type Pages<Item, List extends string, Name extends string> = Of<PageDocument<List, Linked<Item>>, Name>

/** Answers of operations by the names that SDKs use. Answers missing here are only compared as a whole. */
export interface Answers
  extends Of<UserDocument, 'createUser' | 'retrieveUser' | 'updateUser' | 'updateUserDisplayPicture'>,
    Of<ChannelDocument, 'createChannel' | 'retrieveChannel' | 'updateChannel'>,
    Of<MessageDocument, 'sendChannelMessage' | 'retrieveMessage' | 'updateMessage'>,
    Of<Linked<Thread>, 'deleteMessage' | 'retrieveThread'>,
    Of<Linked<Runtime>, 'retrieveNodejsRuntime' | 'updateNodejsRuntimeDependencies'>,
    Of<FunctionDocument, 'createNodejsRuntimeFunction' | 'retrieveFunction'>,
    Of<Linked<FunctionVersion>, 'createFunctionVersion'>,
    Of<JobDocument, `import${'Users' | 'Channels' | 'ChannelMembers' | 'Messages'}`>,
    Of<JobDocument, `export${'Message' | 'User'}Analytics`>,
    Of<{ secret: unknown }, 'retrieveUserSecret'>,
    Of<{ count: number }, 'countUserUnreadMessages'>,
    Of<object, 'retrieveApplicationSettings'>,
    Pages<User, 'users', 'listUsers' | `listChannel${'Members' | 'Moderators' | 'Participants'}`>,
    Pages<Channel, 'channels', 'listChannels' | 'listUserChannels'>,
    Pages<ChannelMembership, 'memberships', 'listChannelMemberships'>,
    Pages<ChannelInvite, 'invites', 'listChannelInvites'>,
    Pages<Message, 'messages', `list${'' | 'User' | 'Channel' | 'ChannelReported' | 'Thread'}Messages`>,
    Pages<ReadReceipt, 'receipts', 'listMessageReadReceipts'>,
    Pages<Notification, 'notifications', 'listUserNotifications'>,
    Pages<UserSession | ChatSession, 'sessions', 'listUserSessions' | 'listChatSessions'>,
    Pages<ChatFunction, 'functions', 'listNodejsRuntimeFunctions'>,
    Pages<FunctionVersion, 'versions', 'listFunctionVersions'>,
    Pages<FunctionInvocation, 'invocations', 'listFunctionInvocations'>,
    Pages<Job, 'jobs', 'listJobs'>,
    Pages<ReadReceiptSummary, 'summaries', 'retrieveApplicationMessageReadReceiptSummaries'> {}
