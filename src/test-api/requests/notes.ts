// Records requests in the journal and in the coverage (testing contract 5).
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '#clock/clock.ts'
import type { Operation } from '#routes/operation.ts'
import type { RestEffect } from '#test-api/faults/fault.ts'
import type { AppliedFault } from '#test-api/faults/kept.ts'
import type { FactsOf } from '#test-api/journal/fields.ts'
import { redact } from '#test-api/journal/redact.ts'
import { type Beginning, beginningOf, shownBody } from '#test-api/requests/bodies.ts'
import type { TestApi } from '#test-api/state.ts'
import { Deletions } from '#test-api/usage/deletions.ts'
import { type findBodyWarnings, findRequestWarnings } from '#test-api/usage/find-warnings.ts'
import { bearerToken } from '#wire/bearer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What was observed of the request; undefined for requests to the test API itself. */
    observed: Observed | undefined
  }
}

export interface Observed {
  since: number
  path: string
  body: () => Beginning
  /** The id of the application, if it is a world. */
  worldId: number | undefined
  fault: AppliedFault<RestEffect> | undefined
  /** Warnings about the body. */
  odd: ReturnType<typeof findBodyWarnings>
}

interface Answer {
  /** Null if no answer is sent. */
  status: number | null
  body?: unknown
}

/** Records requests of worlds, each just before its answer is sent. */
export class RequestNotes {
  readonly #testApi: TestApi
  readonly #clock: Pick<Clock, 'now'>
  /** The operations of the Platform API, by id. */
  readonly #operations: ReadonlyMap<string, Operation>
  readonly #deletions = new Deletions()

  constructor(testApi: TestApi, clock: Pick<Clock, 'now'>, operations: ReadonlyMap<string, Operation>) {
    this.#testApi = testApi
    this.#clock = clock
    this.#operations = operations
    testApi.onForget((id) => this.#deletions.forget(id))
  }

  /** Records a request before its answer is sent, so that a client with the answer finds the entry in the journal. */
  note(observed: Observed, request: FastifyRequest, reply: FastifyReply, answer: Answer): void {
    const { worldId } = observed
    this.#cover(observed, request, answer.status)
    if (worldId === undefined) return
    this.#testApi.note(worldId, this.#clock.now(), factsOf(observed, request, reply, answer))
  }

  #cover({ worldId, path, odd, body }: Observed, request: FastifyRequest, status: number | null): void {
    const { method, headers, query } = request
    const operation = operationOf(request)
    const deleted = status === 404 && worldId !== undefined ? this.#deletions.find(worldId, path) : undefined
    if (deleted !== undefined) {
      const message = `${method} ${path} came after ${deleted} was deleted`
      this.#testApi.coverage.warn(worldId, { kind: 'after deletion', message, resource: deleted })
    }
    if (operation === undefined || status === null) return
    this.#testApi.coverage.requested(worldId, operation, status)
    for (const warning of odd) this.#testApi.coverage.warn(worldId, warning)
    if (status >= 400) return
    if (method === 'DELETE' && worldId !== undefined) this.#deletions.add(worldId, path)
    const facts = {
      method,
      contentType: headers['content-type'],
      hasBody: this.#operations.has(operation) && body().bytes.length > 0,
      hasTokenInQuery: (query as Record<string, unknown>).access_token !== undefined,
    }
    for (const warning of findRequestWarnings(operation, facts)) this.#testApi.coverage.warn(worldId, warning)
  }
}

/** Returns what the journal shows of a request. */
function factsOf(
  observed: Observed,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
): FactsOf<'request'> {
  const { since, path, fault } = observed
  const sent = observed.body()
  const answered = beginningOf(answer.body)
  const secrets = [bearerToken(request) ?? '']
  const answerType = String(reply.getHeader('content-type') ?? '')
  const query = request.query as Record<string, unknown>
  return {
    kind: 'request',
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
}

/** Returns the id of the operation that a request is for; undefined if there is none. */
export function operationOf({ routeOptions }: FastifyRequest): string | undefined {
  return routeOptions.config.operation
}
