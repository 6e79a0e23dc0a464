import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { signIn } from '#domain/operators/sign-in.ts'
import { signOut } from '#domain/operators/sign-out.ts'
import { AdminSession, SignIn } from '#resources/admin/operator.ts'
import { adminOperation, noContent, oneOf } from '#routes/admin/operation.ts'

const about = { tag: 'Session', about: 'session' }
const right = 'own session'

/** @param limitSignIns the server's limiter, which counts failed guesses */
export const sessionOperations = (ctx: Context, { limitSignIns }: Pick<FastifyInstance, 'limitSignIns'>) => [
  adminOperation({
    ...about,
    id: 'signIn',
    summary: 'Sign in',
    description:
      'Creates a session of 12 hours and sets its cookie. Answers 429 after five wrong passwords within a minute, from one address or for one name.',
    route: 'POST /session',
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
    ...about,
    id: 'retrieveSession',
    summary: 'Retrieve the current session',
    description: 'Retrieves the operator or admin key that sent the request, and their permissions.',
    route: 'GET /session',
    right,
    answer: oneOf(AdminSession),
    handle: async (_operator, { request }) => request.operatorSession,
  }),
  adminOperation({
    ...about,
    id: 'signOut',
    summary: 'Sign out everywhere',
    description: 'Ends all sessions of the operator immediately.',
    route: 'DELETE /session',
    right,
    answer: noContent,
    handle: async (operator, { reply }) => {
      await signOut(ctx, operator)
      reply.setOperatorSession(undefined)
    },
  }),
]
