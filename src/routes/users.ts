import { z } from 'zod'
import type { Context } from '#context.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { listUserMessages } from '#domain/messages/list-messages.ts'
import { checkUserExists } from '#domain/users/check-user-exists.ts'
import { createUser } from '#domain/users/create-user.ts'
import { deleteUser } from '#domain/users/delete-user.ts'
import { getUser } from '#domain/users/get-user.ts'
import { listUserChannels } from '#domain/users/list-user-channels.ts'
import { listUsers } from '#domain/users/list-users.ts'
import { updateUser } from '#domain/users/update-user.ts'
import { getUserSecret, removeUserSecret, setUserSecret } from '#domain/users/user-secrets.ts'
import { applicationResource } from '#resources/application.ts'
import { channelResource } from '#resources/channel.ts'
import { RequiredText } from '#resources/define.ts'
import { messageResource } from '#resources/message.ts'
import { QueryFlag, QueryProperties, QueryText, single } from '#resources/queries.ts'
import {
  CreateUser,
  nameMax,
  PatchUser,
  UserSecret,
  userResource,
  userSecretResource,
} from '#resources/user.ts'
import { cursorPageOf, noBody, one, operation, pageOf, redirect, WithId } from '#routes/operation.ts'

const tag = 'Users'
const about = 'user'
const WithSecretName = WithId.extend({ name: RequiredText(nameMax) })

export const userOperations = (ctx: Context) => [
  operation({
    id: 'listUsers',
    tag,
    about,
    summary: 'List users',
    method: 'GET',
    path: '/users',
    scopes: ['read:user'],
    query: z.object({ name: QueryText, unread: QueryFlag, properties: QueryProperties }),
    answer: pageOf(userResource),
    handle: (caller, { query, page }) => listUsers(ctx, caller, query, page),
  }),
  operation({
    id: 'createUser',
    tag,
    about,
    summary: 'Create a user',
    method: 'POST',
    path: '/users',
    scopes: ['create:user'],
    body: CreateUser,
    answer: one(userResource),
    handle: (caller, { body }) => createUser(ctx, caller, body),
  }),
  operation({
    id: 'checkUserExists',
    tag,
    about,
    summary: 'Check if a user exists',
    method: 'HEAD',
    path: '/users',
    scopes: ['read:user'],
    query: z.object({ name: single(RequiredText(nameMax)) }),
    answer: noBody,
    handle: (caller, { query }) => checkUserExists(ctx, caller, query.name),
  }),
  operation({
    id: 'retrieveUser',
    tag,
    about,
    summary: 'Retrieve a user',
    method: 'GET',
    path: '/users/:id',
    scopes: ['read:user'],
    params: WithId,
    answer: one(userResource),
    handle: (caller, { params }) => getUser(ctx, caller, params.id),
  }),
  operation({
    id: 'updateUser',
    tag,
    about,
    summary: 'Update a user',
    method: 'PATCH',
    path: '/users/:id',
    scopes: ['read:user', 'update:user'],
    params: WithId,
    body: PatchUser,
    answer: one(userResource),
    handle: (caller, { params, body }) => updateUser(ctx, caller, params.id, body),
  }),
  operation({
    id: 'deleteUser',
    tag,
    about,
    summary: 'Delete a user',
    method: 'DELETE',
    path: '/users/:id',
    scopes: ['read:user', 'delete:user'],
    params: WithId,
    answer: one(applicationResource),
    handle: async (caller, { params }) => {
      await deleteUser(ctx, caller, params.id)
      return getApplication(ctx, caller)
    },
  }),
  operation({
    tag,
    about,
    summary: "Go to a user's display picture",
    method: 'GET',
    path: '/users/:id/display-picture',
    scopes: ['read:user'],
    params: WithId,
    answer: redirect,
    handle: async (caller, { params }) => (await getUser(ctx, caller, params.id)).displayPictureUrl,
  }),
  operation({
    id: 'listUserChannels',
    tag,
    about,
    summary: "List a user's channels",
    method: 'GET',
    path: '/users/:id/channels',
    scopes: ['read:user'],
    params: WithId,
    answer: pageOf(channelResource),
    handle: (caller, { params, page }) => listUserChannels(ctx, caller, params.id, page),
  }),
  operation({
    id: 'listUserMessages',
    tag,
    about,
    summary: "List a user's messages",
    method: 'GET',
    path: '/users/:id/messages',
    scopes: ['read:user'],
    params: WithId,
    answer: cursorPageOf(messageResource),
    handle: (caller, { params, cursor }) => listUserMessages(ctx, caller, params.id, cursor),
  }),
  operation({
    id: 'retrieveUserSecret',
    tag,
    about: 'secret',
    summary: 'Retrieve a user secret',
    method: 'GET',
    path: '/users/:id/secrets/:name',
    scopes: ['read:user_secret'],
    params: WithSecretName,
    answer: one(userSecretResource),
    handle: (caller, { params }) => getUserSecret(ctx, caller, params.id, params.name),
  }),
  operation({
    id: 'setUserSecret',
    tag,
    about: 'secret',
    summary: 'Set a user secret',
    method: 'PUT',
    path: '/users/:id/secrets/:name',
    scopes: ['read:user', 'update:user_secret'],
    params: WithSecretName,
    body: UserSecret,
    answer: one(userResource),
    handle: (caller, { params, body }) => setUserSecret(ctx, caller, params.id, params.name, body.secret),
  }),
  operation({
    id: 'removeUserSecret',
    tag,
    about: 'secret',
    summary: 'Remove a user secret',
    method: 'DELETE',
    path: '/users/:id/secrets/:name',
    scopes: ['read:user', 'delete:user_secret'],
    params: WithSecretName,
    answer: one(userResource),
    handle: (caller, { params }) => removeUserSecret(ctx, caller, params.id, params.name),
  }),
]
