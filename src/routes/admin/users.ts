import { z } from 'zod'
import type { Context } from '#context.ts'
import { inspectUser } from '#domain/moderation/inspect-user.ts'
import { searchChannels } from '#domain/moderation/search-channels.ts'
import { searchUsers } from '#domain/moderation/search-users.ts'
import { banUser } from '#domain/users/bans/ban-user.ts'
import { unbanUser } from '#domain/users/bans/unban-user.ts'
import { deleteUser } from '#domain/users/delete-user.ts'
import { AdminChannel, AdminUser, BanUser } from '#resources/admin/moderation.ts'
import { QueryFlag, QueryText } from '#resources/queries.ts'
import { insideOperation, listOf, noContent, oneOf } from '#routes/admin/operation.ts'
import { PathId } from '#routes/operation.ts'

const about = { tag: 'Users', about: 'user' }
const path = '/users/:userId'
const params = z.object({ userId: PathId })

export const userAdminOperations = (ctx: Context) => [
  insideOperation({
    ...about,
    id: 'listUsers',
    summary: 'List users',
    description: 'Lists the users that match all given filters, by name.',
    route: 'GET /users',
    right: 'read users',
    query: z.object({
      query: QueryText.describe('Returns only users whose name or display name contains this text'),
      online: QueryFlag.describe(
        'If true, returns only users who are connected; if false, only users who are not',
      ),
      banned: QueryFlag.describe(
        'If true, returns only users who are banned; if false, only users who are not',
      ),
    }),
    answer: listOf(AdminUser),
    handle: (caller, { query, list }) => searchUsers(ctx, caller, query, list),
  }),
  insideOperation({
    ...about,
    id: 'retrieveUser',
    summary: 'Retrieve a user',
    description: 'Retrieves a user, including their ban if there is one.',
    route: `GET ${path}`,
    right: 'read users',
    params,
    answer: oneOf(AdminUser),
    handle: (caller, { params }) => inspectUser(ctx, caller, params.userId),
  }),
  insideOperation({
    ...about,
    id: 'listUserChannels',
    summary: "List a user's channels",
    description: 'Lists the channels that the user is a member of, by name.',
    route: `GET ${path}/channels`,
    right: 'read channels',
    params,
    answer: listOf(AdminChannel),
    handle: async (caller, { params, list }) => {
      const { id: memberId } = await inspectUser(ctx, caller, params.userId)
      return searchChannels(ctx, caller, { memberId }, list)
    },
  }),
  insideOperation({
    ...about,
    id: 'deleteUser',
    summary: 'Delete a user',
    description:
      'Deletes a user: their sessions end, they leave their channels, and their name becomes available. Their messages are kept.',
    route: `DELETE ${path}`,
    right: 'delete users',
    params,
    answer: noContent,
    handle: (caller, { params }) => deleteUser(ctx, caller, params.userId),
  }),
  insideOperation({
    ...about,
    id: 'banUser',
    summary: 'Ban a user',
    description:
      'Bans a user, forever or until a given time. Their sessions end immediately, they cannot connect, and nothing can be sent on their behalf. The new ban replaces an existing one.',
    route: `POST ${path}/ban`,
    right: 'ban users',
    params,
    body: BanUser.optional(),
    answer: oneOf(AdminUser),
    handle: (caller, { params, body = {} }) => banUser(ctx, caller, params.userId, body),
  }),
  insideOperation({
    ...about,
    id: 'unbanUser',
    summary: 'Unban a user',
    description: 'Removes the ban of a user. Answers 404 if they are not banned.',
    route: `DELETE ${path}/ban`,
    right: 'ban users',
    params,
    answer: noContent,
    handle: (caller, { params }) => unbanUser(ctx, caller, params.userId),
  }),
]
