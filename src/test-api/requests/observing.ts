// Applies faults to requests to the Platform API (testing contract 4), and records them in the journal and in the
// coverage (testing contract 5). Registered only if the test API is on.
import type { FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'
import type { Operation } from '#routes/operation.ts'
import { watchBody } from '#test-api/requests/bodies.ts'
import { lost, RequestFaults } from '#test-api/requests/faults.ts'
import { type Observed, operationOf, RequestNotes } from '#test-api/requests/notes.ts'
import { applicationOf, applicationOfClient } from '#test-api/requests/world-of.ts'
import type { TestApi } from '#test-api/state.ts'
import { findBodyWarnings, refusalOf } from '#test-api/usage/find-warnings.ts'
import { presentError } from '#wire/problem.ts'

interface Options {
  ctx: Context
  testApi: TestApi
  /** The operations of the Platform API. */
  operations: Operation[]
}

export const observing = plugin<Options>(
  async (app, { ctx, testApi, operations }) => {
    const byId = new Map(operations.map((operation) => [operation.id, operation]))
    const notes = new RequestNotes(testApi, ctx.clock, byId)
    const faults = new RequestFaults(testApi, ctx.clock, notes)
    app.decorateRequest('observed')

    app.addHook('onRequest', async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? ''
      if (/^\/_test(\/|$)/.test(path)) return
      const observed: Observed = {
        since: performance.now(),
        path,
        body: watchBody(request.raw),
        worldId: undefined,
        fault: undefined,
        odd: [],
      }
      request.observed = observed
      if (isForToken(request)) return
      await faults.place(observed, await applicationOf(ctx, request), request, reply)
    })

    // A token request may identify its client in the body.
    app.addHook('preHandler', async (request, reply) => {
      const { observed } = request
      if (!observed || !isForToken(request)) return
      await faults.place(observed, await applicationOfClient(ctx, request), request, reply)
    })

    app.addHook('preHandler', async (request, reply) => {
      const { observed, body } = request
      const operation = byId.get(operationOf(request) ?? '')
      if (!observed || !operation) return
      observed.odd = findBodyWarnings(operation, body)
      const refusal = testApi.isStrict(observed.worldId ?? 0) && refusalOf(observed.odd)
      if (!refusal) return
      // Other input errors have the names of the hosted API; this one exists only here.
      const error = { ...presentError(refusal, 'camel', ctx.clock.now()), error: refusal.kind }
      await reply.code(refusal.status).send(error)
    })

    app.addHook('onSend', (request, reply, payload, done) => {
      const { observed } = request
      if (!observed) return done(null, payload)
      faults.answer(observed, request, reply, payload).then(
        (sent) => {
          if (sent !== lost) done(null, sent)
        },
        (error) => done(error),
      )
    })

    app.addHook('preClose', async () => faults.stop())
  },
  { name: 'test-api-observing' },
)

function isForToken(request: FastifyRequest): boolean {
  return operationOf(request) === 'issueToken'
}
