// The routes of a world's journal and of expectations (testing contract 5).
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { ChatError, refused } from '#errors.ts'
import { mustHaveFields } from '#test-api/journal/fields.ts'
import { toHar } from '#test-api/journal/har.ts'
import { journalKinds } from '#test-api/journal/kept.ts'
import { streamEntries } from '#test-api/journal/stream.ts'
import { nearestMisses, waitForEntry } from '#test-api/journal/wait.ts'
import { mustKnowOperation, readId } from '#test-api/params.ts'
import { readBody } from '#test-api/reading.ts'
import type { TestApi } from '#test-api/state.ts'
import { presentError } from '#wire/problem.ts'

const limitUsual = 1_000
const limitMax = 10_000
const timeoutMsUsual = 5_000
const timeoutMsMax = 600_000
const depthMax = 64

const number = (least: number, most: number) => {
  const message = `must be a whole number from ${least} ${most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`}`
  return z
    .string()
    .regex(/^\d{1,16}$/, message)
    .transform(Number)
    .refine((given) => given >= least && given <= most, message)
    .optional()
}

const filter = {
  kind: z.enum(journalKinds).optional(),
  operation: z.string().optional(),
  type: z.string().optional(),
  username: z.string().optional(),
  after: number(0, Number.MAX_SAFE_INTEGER),
}
const Listing = z.strictObject({ ...filter, limit: number(1, limitMax) })
const Waiting = z.strictObject({
  ...filter,
  match: z.string().optional(),
  timeoutMs: number(0, timeoutMsMax),
})
const Streaming = z.strictObject(filter)

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a route of the test API reads and checks its query; others refuse one. */
    readsQuery?: boolean
  }
}
const withQuery = { config: { readsQuery: true } }

interface Options {
  ctx: Context
  testApi: TestApi
  /** The operations that requests of the journal may have. */
  operationIds: string[]
}

export async function journal(scope: FastifyInstance, { ctx, testApi, operationIds }: Options) {
  const { journals } = testApi
  const readQuery = <S extends z.ZodType<{ operation?: string | undefined }>>(schema: S, query: unknown) => {
    const read = readBody('journal', schema, query)
    mustKnowOperation('journal', 'operation', read.operation, operationIds)
    return read
  }
  const stopping = new AbortController()
  scope.addHook('preClose', async () => {
    stopping.abort()
    journals.close()
  })
  const worldOf = async (request: FastifyRequest) => (await mustHaveWorld(ctx, readId('world', request))).id

  scope.get('/worlds/:id/journal', withQuery, async (request) => {
    const worldId = await worldOf(request)
    const { after, limit = limitUsual, ...filter } = readQuery(Listing, request.query)
    const entries = journals
      .list(worldId, filter, after)
      .take(limit + 1)
      .toArray()
    const isMore = entries.length > limit
    if (isMore) entries.pop()
    return { entries, next: isMore ? entries.at(-1)?.position : null }
  })

  scope.get('/worlds/:id/journal/wait', withQuery, async (request, reply) => {
    const worldId = await worldOf(request)
    const query = readQuery(Waiting, request.query)
    const { after = 0, match, timeoutMs = timeoutMsUsual, ...filter } = query
    const wanted = readMatch(match)
    mustHaveFields(wanted, filter.kind)
    mustKnowOperation('journal', 'match.operation', wanted.operation, operationIds)
    const expectation = { worldId, filter, after, wanted }
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const signal = AbortSignal.any([gone.signal, stopping.signal])
    const entry = await waitForEntry(journals, expectation, { timeoutMs, signal })
    if (entry) return entry
    // Not a time-out: a test that expects nothing must not pass because the server was stopped.
    if (stopping.signal.aborted) throw new ChatError('ServiceUnavailableError', 'The server is stopping')
    const misses = nearestMisses(journals, expectation)
    const error = new ChatError('RequestTimeoutError', `No such entry within ${timeoutMs} ms`)
    return reply.code(error.status).send({ ...presentError(error, 'camel', ctx.clock.now()), misses })
  })

  scope.get('/worlds/:id/journal/stream', withQuery, async (request, reply) => {
    const worldId = await worldOf(request)
    const { after, ...filter } = readQuery(Streaming, request.query)
    const last = Number(request.headers['last-event-id'])
    const from = after ?? (Number.isSafeInteger(last) ? last : 0)
    streamEntries(journals, reply.raw, { worldId, filter, after: from })
    reply.hijack()
  })

  scope.get('/worlds/:id/journal.har', async (request) => {
    const worldId = await worldOf(request)
    return toHar(journals.list(worldId, { kind: 'request' }), ctx.baseUrl(request.origin))
  })

  scope.delete('/worlds/:id/journal', async (request, reply) => {
    const worldId = await worldOf(request)
    await testApi.whenNoted(worldId) // or what happened before would come later
    journals.empty(worldId)
    return reply.code(204).send()
  })
}

/** @throws ChatError 400 if it is not JSON, or nested deeper than any entry */
function readMatch(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  let match: unknown
  try {
    match = JSON.parse(text)
  } catch {
    throw refused('journal', 'match', 'invalid', 'match: must be JSON')
  }
  if (typeof match !== 'object' || match === null || Array.isArray(match)) {
    throw refused('journal', 'match', 'invalid', 'match: must be an object, a subset of the entry')
  }
  if (isDeeper(match, depthMax)) {
    throw refused('journal', 'match', 'invalid', `match: must not be deeper than ${depthMax}`)
  }
  return match as Record<string, unknown>
}

function isDeeper(value: unknown, than: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return than === 0 || Object.values(value).some((item) => isDeeper(item, than - 1))
}
