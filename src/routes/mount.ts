// What operations of every API have in common: they are described as data, checked by their schemas, and mounted below
// a prefix.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { compileCheck } from '#wire/reading.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation that a route serves. */
    operation?: string
    /** Whether it is for those, too, who do not say who they are. */
    isOpen?: boolean
  }
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** As a request begins, below the prefix: `GET /channels/:id`. A method alone is for what the prefix names. */
export type Route = Method | `${Method} /${string}`

export function readRoute(route: Route): Pick<Described, 'method' | 'path'> {
  const [method, path = ''] = route.split(' ') as [Method, string?]
  return { method, path }
}

export interface Described {
  id: string
  tag: string
  summary: string
  /** What the summary leaves open. */
  description: string
  method: Method
  /** Below the prefix: `/channels/:id`. */
  path: string
  status: number
  /** The resource that errors blame. */
  about: string
  params: z.ZodObject
  query: z.ZodObject
  body?: z.ZodType
  /** Of its requests in logs and metrics; its id where absent. */
  name?: string
  /** Whether it is for those, too, who do not say who they are. */
  isOpen?: boolean
}

/** Gives what a request brings, checked. @throws ChatError 400 that names the fields that are wrong */
export interface Checks {
  // biome-ignore lint/suspicious/noExplicitAny: operations of all inputs stand in one list; each types its own.
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

/** What can be got can be looked at. As a route of its own, as Fastify has it, that costs a start 15 ms. */
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
    params: compileCheck(about, params),
    query: compileCheck(about, query),
    body: body && compileCheck(about, body, method === 'PATCH' ? 'removal' : 'absent'),
  }
  return {
    params: (request) => check.params(request.params),
    query: (request) => check.query(request.query),
    body: (request) => check.body?.(bodyOf(request)),
  }
}

/** A patch that is left out changes nothing; the official SDK writes one as `""` (contract b). */
function bodyOf({ method, body }: FastifyRequest): unknown {
  if (method === 'PATCH') return body === '' ? {} : (body ?? {})
  return body ?? undefined
}
