import { z } from 'zod'
import type { Context } from '#context.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { merging } from '#domain/merge-patch.ts'
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
    description: 'Lists the users of the application, sorted by name by default.',
    route: 'GET /users',
    scopes: ['read:user'],
    query: z.object({
      name: QueryText.describe('Returns only the user with exactly this name'),
      unread: QueryFlag.describe(
        'If true, returns only users with unread messages; if false, only users without',
      ),
      properties: QueryProperties,
    }),
    answer: pageOf(userResource),
    handle: (caller, { query, page }) => listUsers(ctx, caller, query, page),
  }),
  operation({
    ...about,
    id: 'createUser',
    summary: 'Create a user',
    description: 'Creates a user. A name that is already taken is refused with the code `already_exists`.',
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
    description: 'Answers 200 if a user with exactly this name exists, otherwise 404. Neither has a body.',
    route: 'HEAD /users',
    scopes: ['read:user'],
    query: z.object({ name: single(RequiredText(nameMax)).describe('Name of the user') }),
    answer: noBody,
    handle: (caller, { query }) => checkUserExists(ctx, caller, query.name),
  }),
  operation({
    ...about,
    id: 'retrieveUser',
    summary: 'Retrieve a user',
    description: 'Retrieves a user by id.',
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
      'Updates a user with a JSON merge patch (RFC 7396): absent fields stay unchanged, and `null` in `properties` removes a key.',
    route: 'PATCH /users/:id',
    scopes: ['read:user', 'update:user'],
    params: WithId,
    body: PatchUser,
    answer: one(userResource),
    handle: (caller, { params, body }) => updateUser(ctx, caller, params.id, merging(body)),
  }),
  operation({
    ...about,
    id: 'deleteUser',
    summary: 'Delete a user',
    description: 'Deletes a user. Returns the application.',
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
    summary: "Retrieve a user's display picture",
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
      'Sets the picture to one hosted elsewhere, or to the one uploaded in a multipart form. The previous picture is deleted.',
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
    description: 'Lists the channels that the user is a member of.',
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
      "Lists the messages that the user sent, newest first. With `unread`, lists messages of others in the user's channels instead: those they have not read yet (true), or those they have read (false).",
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
    description:
      'Lists the notifications that the user received while absent from the channel, newest first.',
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
    description: 'Returns the number of messages that the user has not read yet, in all their channels.',
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
    description: 'Retrieves the value that is stored for the user under this name.',
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
      'Stores a JSON value for the user under this name, replacing any existing value. Returns the user.',
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
    summary: 'Delete a user secret',
    description: 'Deletes the value stored under this name. Returns the user.',
    route: 'DELETE /users/:id/secrets/:name',
    scopes: ['read:user', 'delete:user_secret'],
    params: WithSecretName,
    answer: one(userResource),
    handle: (caller, { params }) => removeUserSecret(ctx, caller, params.id, params.name),
  }),
]
