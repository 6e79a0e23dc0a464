// Resources as clients of the Platform API see them.
import type { Channel } from '#resources/channel.ts'
import type { ChatFunction, FunctionInvocation } from '#resources/function.ts'
import type { Job } from '#resources/job.ts'
import type { Message } from '#resources/message.ts'
import type { Notification } from '#resources/notification.ts'
import type { User } from '#resources/user.ts'

/** The fields of all variants: which ones a document has, the test knows. */
type Whole<Variants> = {
  [Field in Variants extends unknown ? keyof Variants : never]: Variants extends Record<Field, infer Value>
    ? Value
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

/** A resource with where it leads to. */
type Linked<Resource> = Whole<Resource> & { _links: Record<LinkName, { href: string }> }

export type UserDocument = Linked<User>
export type ChannelDocument = Linked<Channel>
export type MessageDocument = Linked<Message>
export type JobDocument = Linked<Job>
export type FunctionDocument = Linked<ChatFunction>
export type NotificationDocument = Linked<Notification>
export type InvocationDocument = Linked<FunctionInvocation>

/** A page of a list, whose items stand under the list's name. */
export interface PageDocument<Name extends string, Item> {
  _embedded: Record<Name, Item[]>
  _links: Record<string, { href: string } | undefined>
  page: Record<string, number>
}

/** What a resource looks like within others, where it has no links. */
export function embedded<T extends object>({ _links, ...fields }: T & { _links?: object }) {
  return fields
}
