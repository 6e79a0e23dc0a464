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

const Presence = z
  .object({ status: z.string(), online: z.boolean() })
  .meta({ id: 'ChatUserPresenceProperties' })

export const User = z
  .object({
    id: Id,
    type: z.enum(['PERSON', 'BOT']),
    name: z.string().describe('Unique in the application; the username of sessions and mentions'),
    displayName: z.string().describe('What others see'),
    displayPictureUrl: z.string().register(served, { served: true }),
    isGuest: isGuest().describe('Whether this is a guest, who needs no authentication'),
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
    presence: z
      .object({ status: RequiredText(nameMax).optional() })
      .meta({ id: 'ChatUserPresencePropertiesPatch' })
      .optional(),
    properties: Properties.nullable().optional(),
  })
  .meta({ id: 'ChatUserPropertiesPatch' })
export type PatchUser = z.output<typeof PatchUser>

/** Who is meant: by id, by name, or by the link of older clients. */
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
