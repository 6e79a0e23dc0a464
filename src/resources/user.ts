import { z } from 'zod'
import {
  defineResource,
  Id,
  Json,
  Properties,
  RequiredText,
  sameInBothSpellings,
  served,
  Text,
} from '#resources/define.ts'

export const nameMax = 512

/** `isGuest` in both spellings (contract c); requests may also say `guest`, as imports do (h6). */
const isGuest = () => z.boolean().register(sameInBothSpellings, { also: ['is_guest', 'guest'] })

export const Presence = z
  .object({ status: z.string(), online: z.boolean() })
  .meta({ id: 'ChatUserPresenceProperties' })

export const User = z
  .object({
    id: Id,
    type: z.enum(['PERSON', 'BOT']),
    name: z.string().describe('The unique name used to identify this user. Also known as username'),
    displayName: z.string().describe('Human readable name of this user. Shown to other users'),
    displayPictureUrl: z.string().register(served, { served: true }),
    isGuest: isGuest().describe('True if this user was created by a guest user session'),
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

/** A merge patch (RFC 7396): null removes, what is absent stays. */
export const PatchUser = z
  .object({
    displayName: RequiredText(nameMax).optional(),
    isGuest: isGuest().optional(),
    presence: z.object({ status: RequiredText(nameMax).optional() }).optional(),
    properties: Properties.nullable().optional(),
  })
  .meta({ id: 'ChatUserPropertiesPatch' })
export type PatchUser = z.output<typeof PatchUser>

/** Who is meant: by id, by name, or by the link of older clients. */
export const UserReference = z
  .union([z.object({ id: Id }), z.object({ username: Text(nameMax) }), z.object({ href: Text(2048) })], {
    error: 'must have an id or a username',
  })
  .meta({ id: 'ChatUserReference' })
export type UserReference = z.output<typeof UserReference>

export const UserSecret = z.object({ secret: Json }).meta({ id: 'SecretResource' })

export const userResource = defineResource({
  name: 'user',
  collection: 'users',
  component: 'ChatUserResource',
  page: 'PagedModelChatUserResource',
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
