import { z } from 'zod'
import type { Context } from '#context.ts'
import { getUserSession } from '#domain/sessions/get-user-session.ts'
import { listChatSessions } from '#domain/sessions/list-chat-sessions.ts'
import { listUserSessions } from '#domain/sessions/list-user-sessions.ts'
import { single } from '#resources/queries.ts'
import { chatSessionResource, SessionState, userSessionResource } from '#resources/session.ts'
import { one, operation, pageOf, WithId } from '#routes/operation.ts'

const WithState = z.object({ state: single(SessionState.optional()) })

export const sessionOperations = (ctx: Context) => [
  operation({
    id: 'listUserSessions',
    tag: 'UserSessions',
    about: 'user_session',
    summary: 'List user sessions',
    description: "Lists the connections of users' devices, oldest first.",
    route: 'GET /user-sessions',
    scopes: ['read:user_session'],
    query: WithState,
    answer: pageOf(userSessionResource),
    handle: (caller, { query, page }) => listUserSessions(ctx, caller, query, page),
  }),
  operation({
    id: 'retrieveUserSession',
    tag: 'UserSessions',
    about: 'user_session',
    summary: 'Retrieve a user session',
    description: 'Retrieves a connection by id.',
    route: 'GET /user-sessions/:id',
    scopes: ['read:user_session'],
    params: WithId,
    answer: one(userSessionResource),
    handle: (caller, { params }) => getUserSession(ctx, caller, params.id),
  }),
  operation({
    id: 'listChatSessions',
    tag: 'ChatSessions',
    about: 'chat_session',
    summary: 'List chat sessions',
    description: 'Lists the chat sessions of users in channels, oldest first.',
    route: 'GET /chat-sessions',
    scopes: ['read:chat_session'],
    query: WithState,
    answer: pageOf(chatSessionResource),
    handle: (caller, { query, page }) => listChatSessions(ctx, caller, query, page),
  }),
]
