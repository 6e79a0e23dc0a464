import { z } from 'zod'
import { address, cursorAddress, defineHypermedia, pagedAddress } from '#resources/address.ts'
import {
  defineResource,
  Id,
  Json,
  Properties,
  RequiredText,
  sameInBothSpellings,
  served,
  Text,
  Timestamp,
} from '#resources/define.ts'

export const nameMax = 512

/** `isGuest` in both spellings (contract c); requests may also say `guest`, as imports do (h6). */
const isGuest = () => z.boolean().register(sameInBothSpellings, { also: ['is_guest', 'guest'] })

/** The status of users who are online but appear offline to others (runtime contract 11, 16). */
export const invisible = 'INVISIBLE'

/** The statuses that clients know. Users may set any other text, too. */
export const presenceStatuses: ReadonlySet<string> = new Set([
  'AVAILABLE',
  'UNAVAILABLE',
  'DO_NOT_DISTURB',
  invisible,
])

const Presence = z
  .object({ status: z.string(), online: z.boolean() })
  .meta({ id: 'ChatUserPresenceProperties' })

export const User = z
  .object({
    id: Id,
    type: z.enum(['PERSON', 'BOT']),
    name: z.string().describe('Unique name within the application: the username of sessions and mentions'),
    displayName: z.string().describe('Name shown to others'),
    displayPictureUrl: z.string().register(served, { served: true }),
    isGuest: isGuest().describe('Whether the user is a guest. Guests need no authentication'),
    callStatus: z.enum(['AVAILABLE', 'IN_CALL']).optional(),
    presence: Presence,
    properties: Properties,
  })
  .meta({ id: 'ChatUserProperties' })
export type User = z.output<typeof User>

export const CreateUser = z
  .object({
    name: RequiredText(nameMax),
    displayName: RequiredText(nameMax),
    isGuest: isGuest().default(false),
    properties: Properties.optional(),
  })
  .meta({ id: 'CreatePersonChatUserResource' })
export type CreateUser = z.output<typeof CreateUser>

/** A merge patch (RFC 7396): null removes a member, an absent one stays. */
export const PatchUser = z
  .object({
    displayName: RequiredText(nameMax).optional(),
    isGuest: isGuest().optional(),
    presence: z
      .object({ status: RequiredText(nameMax).optional() })
      .meta({ id: 'ChatUserPresencePropertiesPatch' })
      .optional(),
    properties: Properties.nullable().optional(),
  })
  .meta({ id: 'ChatUserPropertiesPatch' })
export type PatchUser = z.output<typeof PatchUser>

/** Refers to a user by id, by name, or by the link that older clients send. */
export const UserReference = z
  .union(
    [
      z.object({ id: Id }).meta({ id: 'ChatUserIdReference' }),
      z.object({ username: Text(nameMax) }).meta({ id: 'ChatUserUsernameReference' }),
      z.object({ href: Text(2048) }).meta({ id: 'ChatUserHrefReference' }),
    ],
    {
      error: 'must have an id or a username',
    },
  )
  .meta({ id: 'ChatUserReference' })
export type UserReference = z.output<typeof UserReference>

/** Returns the user that a reference names, `{}` if it is a link to something else. An old link is `…/users/7`. */
export function referencedUser(reference: UserReference): { id?: number; username?: string } {
  if (!('href' in reference)) return reference
  const id = /\/users\/(\d{1,15})$/.exec(reference.href)?.[1]
  return id === undefined ? {} : { id: Number(id) }
}

export const UserSecret = z.object({ secret: Json })

export const userResource = defineResource({
  name: 'user',
  collection: 'users',
  component: 'ChatUserResource',
  shape: User,
  links: {
    self: (user) => `/users/${user.id}`,
    channels: (user) => `/users/${user.id}/channels`,
    notifications: (user) => `/users/${user.id}/notifications`,
    displayPicture: (user) => `/users/${user.id}/display-picture`,
    application: () => '',
  },
})

export const userSecretResource = defineResource({
  name: 'secret',
  collection: 'secrets',
  component: 'SecretResource',
  shape: UserSecret,
  links: { application: () => '' },
})

// ---------------------------------------------------------------------------------------- in real time

/** Backends and the users themselves see the real presence; others see an invisible user as unavailable. */
const asOthersSee = ({ presence }: User) =>
  presence.status === invisible ? { presence: { status: 'UNAVAILABLE', online: false } } : {}

export const userHypermedia = defineHypermedia<User>()(User, {
  params: ({ id }) => ({ id }),
  also: asOthersSee,
  relays: {
    self: address('/application/users/{id}.relay'),
    channelMember: address('/application/users/{id}.channel_member.relay'),
  },
  actions: {
    block: address('/application/users/{id}.block'),
    delete: address('/application/users/{id}.delete'),
  },
})

/** A user as they see themselves. */
export const CurrentUser = z.object(User.shape).meta({ id: 'CurrentUserProperties' })

const blockedRecords = pagedAddress('/application/user.blocked_records.relay')

export const currentUserHypermedia = defineHypermedia<User>()(CurrentUser, {
  params: ({ id }) => ({ id }),
  relays: {
    self: address('/application/user.relay'),
    writeFileAccessGrant: address('/application/user.write_file_access_grant.relay'),
    readFileAccessGrant: address('/application/user.read_file_access_grant.relay'),
    channels: pagedAddress('/application/user.channels.relay'),
    joinableChannels: pagedAddress('/application/user.joinable_channels.relay'),
    unreadChannels: pagedAddress('/application/user.unread_channels.relay'),
    channelsCount: address('/application/user.channels_count.relay'),
    unreadChannelsCount: address('/application/user.unread_channels_count.relay'),
    unreadMessagesCount: address('/application/user.unread_messages_count.relay'),
    messages: cursorAddress('/application/user.messages.relay'),
    contacts: pagedAddress('/application/user.contacts.relay'),
    contactsCount: address('/application/user.contacts_count.relay'),
    /** The name in the newest clients, and the name in those before. */
    userBlockListItems: blockedRecords,
    userBlockedRecords: blockedRecords,
  },
  topics: {
    self: address('/topic/users/{id}.self'),
    elements: address('/topic/users/{id}.elements'),
    features: address('/topic/users/{id}.features'),
    styles: address('/topic/users/{id}.styles'),
    channels: address('/topic/users/{id}.channels'),
    messages: address('/topic/users/{id}.messages'),
    readReceipts: address('/topic/users/{id}.read_receipts'),
    notifications: address('/topic/users/{id}.notifications'),
    contacts: address('/topic/users/{id}.contacts'),
    participants: address('/topic/users/{id}.participants'),
    users: address('/topic/users/{id}.users'),
    reactions: address('/topic/users/{id}.reactions'),
    threads: address('/topic/users/{id}.threads'),
    calls: address('/topic/users/{id}.calls'),
  },
  actions: {
    update: address('/application/user.update'),
    updateDisplayPicture: address('/application/user.update_display_picture'),
    createChannel: address('/application/user.create_channel'),
    delete: address('/application/users/{id}.delete'),
  },
  streams: { displayPicture: address('/v1/runtime/users/{id}/display-picture') },
})

/** Clients send back all they were shown of the user; only these fields can be changed (runtime contract 5.1). */
export const UpdateCurrentUser = z.object({
  displayName: RequiredText(nameMax).optional(),
  properties: Properties.optional(),
  presence: z.object({ status: RequiredText(nameMax).optional() }).optional(),
})

/** Lets a client upload or read files; see files/grants.ts. */
export const FileAccessGrant = z.object({ grant: z.string() })

/** Names that older clients construct themselves (runtime contract 3.1). */
export const currentUserAliases = {
  self: address('/application/users/me.relay'),
  writeFileAccessGrant: address('/application/users/me.write_file_access_grant.relay'),
  readFileAccessGrant: address('/application/users/me.read_file_access_grant.relay'),
}

/** The names of the topics that only their owner may subscribe to. */
export type UserTopic = keyof typeof currentUserHypermedia.topics

const UserBlockedRecordShape = z.object({ user: User, createdTime: Timestamp })
/** A user's block of another user; the id is needed for its action. */
export type UserBlockedRecord = z.output<typeof UserBlockedRecordShape> & { id: number }
export const UserBlockedRecord = UserBlockedRecordShape

export const userBlockedRecordHypermedia = defineHypermedia<UserBlockedRecord>()(UserBlockedRecord, {
  params: ({ id }) => ({ id }),
  actions: { delete: address('/application/user.blocked_records/{id}.delete') },
})
