import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { signIn } from '#domain/operators/sign-in.ts'
import { signOut } from '#domain/operators/sign-out.ts'
import { AdminSession, SignIn } from '#resources/admin/operator.ts'
import { adminOperation, noContent, oneOf } from '#routes/admin/operation.ts'

const tag = 'Session'
const about = 'session'
const path = '/session'
const right = 'own session'

/** @param limitSignIns the one of the server, which knows who has guessed */
export const sessionOperations = (ctx: Context, { limitSignIns }: Pick<FastifyInstance, 'limitSignIns'>) => [
  adminOperation({
    id: 'signIn',
    tag,
    about,
    summary: 'Sign in',
    description:
      'Opens a session of 12 hours and gives its cookie. After five wrong passwords in a minute, from one address or for one name, it is answered 429.',
    method: 'POST',
    path,
    right,
    isOpen: true,
    body: SignIn,
    answer: oneOf(AdminSession),
    handle: async (_nobody, { body, request, reply }) => {
      const { session, token } = await limitSignIns({ request, reply }, body.username, () =>
        signIn(ctx, body, request.ip),
      )
      reply.setOperatorSession(token)
      return session
    },
  }),
  adminOperation({
    id: 'retrieveSession',
    tag,
    about,
    summary: 'Say who is signed in',
    description: 'The operator of the cookie, or the admin key, and what they may.',
    method: 'GET',
    path,
    right,
    answer: oneOf(AdminSession),
    handle: async (_operator, { request }) => request.operatorSession,
  }),
  adminOperation({
    id: 'signOut',
    tag,
    about,
    summary: 'Sign out everywhere',
    description: 'Ends all sessions of the operator, at once.',
    method: 'DELETE',
    path,
    right,
    answer: noContent,
    handle: async (operator, { reply }) => {
      await signOut(ctx, operator)
      reply.setOperatorSession(undefined)
    },
  }),
]
