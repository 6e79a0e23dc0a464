import { z } from 'zod'
import type { Context } from '#context.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { listUserMessages } from '#domain/messages/list-user-messages.ts'
import { countUserUnreadMessages } from '#domain/messages/reading/count-user-unread-messages.ts'
import { listUserNotifications } from '#domain/notifications/list-user-notifications.ts'
import { checkUserExists } from '#domain/users/check-user-exists.ts'
import { createUser } from '#domain/users/create-user.ts'
import { deleteUser } from '#domain/users/delete-user.ts'
import { getUser } from '#domain/users/get-user.ts'
import { listUserChannels } from '#domain/users/list-user-channels.ts'
import { listUsers } from '#domain/users/list-users.ts'
import { getUserSecret } from '#domain/users/secrets/get-user-secret.ts'
import { removeUserSecret } from '#domain/users/secrets/remove-user-secret.ts'
import { setUserSecret } from '#domain/users/secrets/set-user-secret.ts'
import { updateUser } from '#domain/users/update-user.ts'
import { updateUserDisplayPicture } from '#domain/users/update-user-display-picture.ts'
import { applicationResource } from '#resources/application.ts'
import { channelResource } from '#resources/channel.ts'
import { RequiredText } from '#resources/define.ts'
import { ExternalFile, messageResource } from '#resources/message.ts'
import { notificationResource } from '#resources/notification.ts'
import { QueryFlag, QueryProperties, QueryText, single } from '#resources/queries.ts'
import { countResource } from '#resources/read-receipt.ts'
import {
  CreateUser,
  nameMax,
  PatchUser,
  UserSecret,
  userResource,
  userSecretResource,
} from '#resources/user.ts'
import { cursorPageOf, noBody, one, operation, pageOf, redirect, WithId } from '#routes/operation.ts'
import { hosting } from '#routes/upload.ts'

const about = { tag: 'Users', about: 'user' }
const WithSecretName = WithId.extend({ name: RequiredText(nameMax) })

export const userOperations = (ctx: Context) => [
  operation({
    ...about,
    id: 'listUsers',
    summary: 'List users',
    description: 'A page of the users of the application, by name unless sorted otherwise.',
    route: 'GET /users',
    scopes: ['read:user'],
    query: z.object({
      name: QueryText.describe('Only the user of exactly this name'),
      unread: QueryFlag.describe('Only users who have unread messages, or who have none'),
      properties: QueryProperties,
    }),
    answer: pageOf(userResource),
    handle: (caller, { query, page }) => listUsers(ctx, caller, query, page),
  }),
  operation({
    ...about,
    id: 'createUser',
    summary: 'Create a user',
    description: 'Makes a user. A name that is taken is refused with the code `already_exists`.',
    route: 'POST /users',
    scopes: ['create:user'],
    body: CreateUser,
    answer: one(userResource),
    handle: (caller, { body }) => createUser(ctx, caller, body),
  }),
  operation({
    ...about,
    id: 'checkUserExists',
    summary: 'Check if a user exists',
    description: '200 if there is a user of exactly this name, 404 if not; no body in either case.',
    route: 'HEAD /users',
    scopes: ['read:user'],
    query: z.object({ name: single(RequiredText(nameMax)).describe('The name to look for') }),
    answer: noBody,
    handle: (caller, { query }) => checkUserExists(ctx, caller, query.name),
  }),
  operation({
    ...about,
    id: 'retrieveUser',
    summary: 'Retrieve a user',
    description: 'One user by id.',
    route: 'GET /users/:id',
    scopes: ['read:user'],
    params: WithId,
    answer: one(userResource),
    handle: (caller, { params }) => getUser(ctx, caller, params.id),
  }),
  operation({
    ...about,
    id: 'updateUser',
    summary: 'Update a user',
    description:
      'Takes a merge patch (RFC 7396): fields that are absent stay, and `null` in `properties` removes a key.',
    route: 'PATCH /users/:id',
    scopes: ['read:user', 'update:user'],
    params: WithId,
    body: PatchUser,
    answer: one(userResource),
    handle: (caller, { params, body }) => updateUser(ctx, caller, params.id, body),
  }),
  operation({
    ...about,
    id: 'deleteUser',
    summary: 'Delete a user',
    description: 'Removes a user. Answers with the application.',
    route: 'DELETE /users/:id',
    scopes: ['read:user', 'delete:user'],
    params: WithId,
    answer: one(applicationResource),
    handle: async (caller, { params }) => {
      await deleteUser(ctx, caller, params.id)
      return getApplication(ctx, caller)
    },
  }),
  operation({
    ...about,
    id: 'retrieveUserDisplayPicture',
    summary: "Go to a user's display picture",
    description: "Redirects to the picture that others see beside the user's name.",
    route: 'GET /users/:id/display-picture',
    scopes: ['read:user'],
    params: WithId,
    answer: redirect,
    handle: async (caller, { params }) => (await getUser(ctx, caller, params.id)).displayPictureUrl,
  }),
  operation({
    ...about,
    id: 'updateUserDisplayPicture',
    summary: "Update a user's display picture",
    description:
      'Shows a picture that is hosted elsewhere or, sent as a multipart form, a picture itself. The one before is deleted.',
    route: 'POST /users/:id/display-picture',
    scopes: ['read:user', 'update:user'],
    params: WithId,
    body: ExternalFile,
    answer: one(userResource),
    handle: (caller, { params, body }) => updateUserDisplayPicture(ctx, caller, params.id, body),
    form: {
      fields: z.object({}),
      storage: hosting(ctx),
      handle: (caller, { params, file }) => updateUserDisplayPicture(ctx, caller, params.id, file),
    },
  }),
  operation({
    ...about,
    id: 'listUserChannels',
    summary: "List a user's channels",
    description: 'A page of the channels that the user is a member of.',
    route: 'GET /users/:id/channels',
    scopes: ['read:user'],
    params: WithId,
    answer: pageOf(channelResource),
    handle: (caller, { params, page }) => listUserChannels(ctx, caller, params.id, page),
  }),
  operation({
    ...about,
    id: 'listUserMessages',
    summary: "List a user's messages",
    description:
      'Messages that the user sent, newest first; with `unread`, those of others in their channels that they have yet to read (true) or have read (false).',
    route: 'GET /users/:id/messages',
    scopes: ['read:user'],
    params: WithId,
    query: z.object({ unread: QueryFlag }),
    answer: cursorPageOf(messageResource),
    handle: (caller, { params, query, cursor }) => listUserMessages(ctx, caller, params.id, query, cursor),
  }),
  operation({
    ...about,
    id: 'listUserNotifications',
    about: 'notification',
    summary: "List a user's notifications",
    description: 'What the user was notified of while they were not there, newest first.',
    route: 'GET /users/:id/notifications',
    scopes: ['read:user', 'read:notifications'],
    params: WithId,
    answer: cursorPageOf(notificationResource),
    handle: (caller, { params, cursor }) => listUserNotifications(ctx, caller, params.id, cursor),
  }),
  operation({
    ...about,
    id: 'countUserUnreadMessages',
    summary: "Count a user's unread messages",
    description: 'How many messages of all their channels the user has yet to read.',
    route: 'GET /users/:id/messages/unread/count',
    scopes: ['read:user', 'read:message'],
    params: WithId,
    answer: one(countResource),
    handle: (caller, { params }) => countUserUnreadMessages(ctx, caller, params.id),
  }),
  operation({
    ...about,
    id: 'retrieveUserSecret',
    about: 'secret',
    summary: 'Retrieve a user secret',
    description: 'The value that is kept for the user under this name.',
    route: 'GET /users/:id/secrets/:name',
    scopes: ['read:user_secret'],
    params: WithSecretName,
    answer: one(userSecretResource),
    handle: (caller, { params }) => getUserSecret(ctx, caller, params.id, params.name),
  }),
  operation({
    ...about,
    id: 'setUserSecret',
    about: 'secret',
    summary: 'Set a user secret',
    description:
      'Keeps a JSON value for the user under this name, in place of any older one. Answers with the user.',
    route: 'PUT /users/:id/secrets/:name',
    scopes: ['read:user', 'update:user_secret'],
    params: WithSecretName,
    body: UserSecret,
    answer: one(userResource),
    handle: (caller, { params, body }) => setUserSecret(ctx, caller, params.id, params.name, body.secret),
  }),
  operation({
    ...about,
    id: 'removeUserSecret',
    about: 'secret',
    summary: 'Remove a user secret',
    description: 'Forgets the value under this name. Answers with the user.',
    route: 'DELETE /users/:id/secrets/:name',
    scopes: ['read:user', 'delete:user_secret'],
    params: WithSecretName,
    answer: one(userResource),
    handle: (caller, { params }) => removeUserSecret(ctx, caller, params.id, params.name),
  }),
]
