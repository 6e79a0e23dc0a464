// Requests to the Platform API as tests see and upset them: faults (testing contract 4) and what the journal and the
// coverage note (testing contract 5). Registered only where the test API is on.
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import type { Context } from '#context.ts'
import type { Operation } from '#routes/operation.ts'
import type { RestEffect } from '#test-api/faults/fault.ts'
import type { Struck } from '#test-api/faults/kept.ts'
import { redact } from '#test-api/journal/redact.ts'
import { type Beginning, beginningOf, shownBody, watchBody } from '#test-api/requests/bodies.ts'
import { fake, resetConnection, truncate } from '#test-api/requests/effects.ts'
import { applicationOf, applicationOfClient } from '#test-api/requests/world-of.ts'
import type { TestApi } from '#test-api/state.ts'
import { Deletions } from '#test-api/usage/deletions.ts'
import { judgeBody, judgeRequest, refusalOf } from '#test-api/usage/judge.ts'
import { bearerToken } from '#wire/bearer.ts'
import { presentError } from '#wire/problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What is known of a request that tests may want to see; not of those to the test API itself. */
    observed: Observed | undefined
  }
}

interface Observed {
  since: number
  path: string
  body: () => Beginning
  /** Of the application, where that is a world. */
  worldId: number | undefined
  fault: Struck<RestEffect> | undefined
  /** What is odd about its body. */
  odd: ReturnType<typeof judgeBody>
}

interface Answer {
  /** Null where there is none. */
  status: number | null
  body?: unknown
}

interface Options {
  ctx: Context
  testApi: TestApi
  /** Those of the Platform API. */
  operations: Operation[]
}

export const observing = plugin<Options>(
  async (app, { ctx, testApi, operations }) => {
    const byId = new Map(operations.map((operation) => [operation.id, operation]))
    const deletions = new Deletions()
    testApi.onForget((id) => deletions.forget(id))
    const hanging = new Set<FastifyReply>()
    const stopping = new AbortController()
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
      await place(observed, await applicationOf(ctx, request), request, reply)
    })

    // Who asks for a token may say so in its body.
    app.addHook('preHandler', async (request, reply) => {
      const { observed } = request
      if (!observed || !isForToken(request)) return
      await place(observed, await applicationOfClient(ctx, request), request, reply)
    })

    app.addHook('preHandler', async (request, reply) => {
      const { observed, body } = request
      const operation = byId.get(operationOf(request) ?? '')
      if (!observed || !operation) return
      observed.odd = judgeBody(operation, body)
      const refusal = testApi.isStrict(observed.worldId ?? 0) && refusalOf(observed.odd)
      if (!refusal) return
      // Other refusals of input have the name that the hosted API gives them; this one is ours.
      const error = { ...presentError(refusal, 'camel', ctx.clock.now()), error: refusal.kind }
      await reply.code(refusal.status).send(error)
    })

    app.addHook('onSend', (request, reply, payload, done) => {
      const { observed } = request
      if (!observed) return done(null, payload)
      send(observed, request, reply, payload).then(
        (sent) => {
          if (sent !== lost) done(null, sent)
        },
        (error) => done(error),
      )
    })

    app.addHook('preClose', async () => {
      stopping.abort()
      for (const { raw } of hanging) raw.socket?.destroy()
    })

    /** Puts a request in its world, and lets the fault strike that awaits it there. */
    async function place(
      observed: Observed,
      applicationId: number | undefined,
      request: FastifyRequest,
      reply: FastifyReply,
    ): Promise<void> {
      if (applicationId === undefined || !testApi.isWorld(applicationId)) return
      observed.worldId = applicationId
      const { path } = observed
      const occasion = { operation: operationOf(request), method: request.method, path }
      observed.fault = testApi.faults.strike(applicationId, 'request', occasion)
      const { effect } = observed.fault ?? {}
      if (!observed.fault || !effect || effect.after) return
      await observed.fault.delay(stopping.signal)
      if (effect.reset || effect.hang) {
        reply.hijack()
        note(observed, request, reply, { status: null })
        leave(observed.fault, reply)
      } else if (effect.status !== undefined) {
        await reply.send(fake(reply, effect, ctx.clock.now()))
      }
    }

    /** The body of the answer, as it is or as the fault has it; `lost` where there is none. */
    async function send(
      observed: Observed,
      request: FastifyRequest,
      reply: FastifyReply,
      payload: unknown,
    ): Promise<unknown> {
      const { fault } = observed
      const { effect } = fault ?? {}
      let body = payload
      if (fault && effect?.after) {
        await fault.delay(stopping.signal)
        if (effect.status !== undefined) {
          discard(payload)
          body = fake(reply, effect, ctx.clock.now())
        }
      }
      note(observed, request, reply, { status: reply.statusCode, body })
      if (fault && effect?.after && (effect.reset || effect.hang)) {
        discard(payload)
        reply.hijack()
        leave(fault, reply)
        return lost
      }
      if (effect?.truncateAfterBytes === undefined) return body
      await truncate(reply, body, effect.truncateAfterBytes)
      return lost
    }

    /** Lets a client wait for ever, or until the fault is removed; or cuts it off. */
    function leave({ effect, gone }: Struck<RestEffect>, reply: FastifyReply): void {
      if (effect.reset) {
        resetConnection(reply)
        return
      }
      const { raw } = reply
      hanging.add(reply)
      const release = () => raw.socket?.destroy()
      gone.addEventListener('abort', release)
      raw.once('close', () => {
        hanging.delete(reply)
        gone.removeEventListener('abort', release)
      })
      if (gone.aborted || stopping.signal.aborted) release()
    }

    /** Before the answer leaves: who has it finds it in the journal. */
    function note(observed: Observed, request: FastifyRequest, reply: FastifyReply, answer: Answer): void {
      const { worldId, since, path, fault } = observed
      cover(observed, request, answer.status)
      if (worldId === undefined) return
      const sent = observed.body()
      const answered = beginningOf(answer.body)
      const secrets = [bearerToken(request) ?? '']
      const answerType = String(reply.getHeader('content-type') ?? '')
      const query = request.query as Record<string, unknown>
      const facts = {
        kind: 'request' as const,
        method: request.method,
        path,
        query: Object.keys(query).length > 0 ? redact(query, secrets) : undefined,
        operation: operationOf(request),
        status: answer.status,
        durationMs: Math.round((performance.now() - since) * 100) / 100,
        requestType: request.headers['content-type'],
        requestBody: shownBody(sent, request.headers['content-type'], secrets),
        responseType: answerType || undefined,
        responseBody: shownBody(answered, answerType, secrets),
        truncated: !sent.isWhole || answered?.isWhole === false || undefined,
        fault: fault?.id,
      }
      testApi.note(worldId, ctx.clock.now(), facts)
    }

    function cover(
      { worldId, path, odd, body }: Observed,
      request: FastifyRequest,
      status: number | null,
    ): void {
      const { method, headers, query } = request
      const operation = operationOf(request)
      const deleted = status === 404 && worldId !== undefined ? deletions.find(worldId, path) : undefined
      if (deleted !== undefined) {
        const message = `${method} ${path} came after ${deleted} was deleted`
        testApi.coverage.warn(worldId, { kind: 'after deletion', message, resource: deleted })
      }
      if (operation === undefined || status === null) return
      testApi.coverage.requested(worldId, operation, status)
      for (const warning of odd) testApi.coverage.warn(worldId, warning)
      if (status >= 400) return
      if (method === 'DELETE' && worldId !== undefined) deletions.add(worldId, path)
      const facts = {
        method,
        contentType: headers['content-type'],
        hasBody: byId.has(operation) && body().bytes.length > 0,
        hasTokenInQuery: (query as Record<string, unknown>).access_token !== undefined,
      }
      for (const warning of judgeRequest(operation, facts)) testApi.coverage.warn(worldId, warning)
    }
  },
  { name: 'test-api-observing' },
)

/** There is no answer. */
const lost = Symbol('lost')

function isForToken({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.operation === 'issueToken'
}

function operationOf({ routeOptions }: FastifyRequest): string | undefined {
  return routeOptions.config.operation
}

function discard(payload: unknown): void {
  if (payload instanceof Readable) payload.destroy()
}
