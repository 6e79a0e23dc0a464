// What operations of all APIs have in common: they are described as data, validated by their schemas and mounted below
// a prefix.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { compileCheck, compileParameterCheck } from '#wire/reading.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation that a route serves. */
    operation?: string
    /** Whether the route needs no authentication. */
    isOpen?: boolean
  }
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Method and path below the prefix, such as `GET /channels/:id`. A method alone means the prefix itself. */
export type Route = Method | `${Method} /${string}`

export function readRoute(route: Route): Pick<Described, 'method' | 'path'> {
  const [method, path = ''] = route.split(' ') as [Method, string?]
  return { method, path }
}

export interface Described {
  id: string
  tag: string
  summary: string
  /** Details that the summary omits. */
  description: string
  method: Method
  /** Below the prefix: `/channels/:id`. */
  path: string
  status: number
  /** The resource that errors name. */
  about: string
  params: z.ZodObject
  query: z.ZodObject
  body?: z.ZodType
  /** Name of its requests in logs and metrics; defaults to the id. */
  name?: string
  /** Whether the operation needs no authentication. */
  isOpen?: boolean
}

/** Return the validated parts of a request. @throws ChatError 400 that names the invalid fields */
export interface Checks {
  // biome-ignore lint/suspicious/noExplicitAny: one list holds operations of all types; each declares its own.
  params(request: FastifyRequest): any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  query(request: FastifyRequest): any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  body(request: FastifyRequest): any
}

/** Registers operations below the scope's prefix. */
export function mount<O extends Described>(
  app: FastifyInstance,
  operations: O[],
  answer: (
    operation: O,
    checks: Checks,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => Promise<FastifyReply>,
): void {
  for (const each of operations) {
    const checks = checksOf(each)
    app.route({
      method: methodsOf(each, operations),
      url: each.path,
      config: { operation: each.name ?? each.id, isOpen: each.isOpen === true },
      exposeHeadRoute: false,
      handler: (request, reply) => answer(each, checks, request, reply),
    })
  }
}

/** Adds HEAD to GET. Separate HEAD routes, which Fastify would add, make a start 15 ms slower. */
function methodsOf({ method, path }: Described, all: Described[]): Method | Method[] {
  const hasOwn = all.some((other) => other.method === 'HEAD' && other.path === path)
  return method === 'GET' && !hasOwn ? ['GET', 'HEAD'] : method
}

/** Compiled once for all prefixes of an operation. */
const compiled = new WeakMap<Described, Checks>()

function checksOf(operation: Described): Checks {
  const checks = compiled.get(operation) ?? compileChecks(operation)
  compiled.set(operation, checks)
  return checks
}

function compileChecks({ about, params, query, body, method }: Described): Checks {
  const check = {
    params: compileParameterCheck(about, params),
    query: compileParameterCheck(about, query),
    body: body && compileCheck(about, body, method === 'PATCH' ? 'removal' : 'absent'),
  }
  return {
    params: (request) => check.params(request.params),
    query: (request) => check.query(request.query),
    body: (request) => check.body?.(bodyOf(request)),
  }
}

/** Returns the body. A patch without one changes nothing; the official SDK sends that as `""` (contract b). */
function bodyOf({ method, body }: FastifyRequest): unknown {
  if (method === 'PATCH') return body === '' ? {} : (body ?? {})
  return body ?? undefined
}
