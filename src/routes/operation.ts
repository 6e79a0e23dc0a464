// Describes an operation of the Platform API as data, from which its Fastify routes, one for each documented path form,
// and its page in openapi.yaml are derived.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { type ApplicationCaller, mustHaveScopes } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'
import type { AnyResource, Resource } from '#resources/define.ts'
import type { CursorPage, CursorRequest, Page, PageRequest } from '#resources/page.ts'
import { type Described, mount, type Route, readRoute } from '#routes/mount.ts'
import { receive, type Storage } from '#routes/upload.ts'
import { namesOf } from '#wire/casing.ts'
import { absolute, present, presentCursorPage, presentPage, type View } from '#wire/hal.ts'
import { type Representation, representationFor } from '#wire/negotiation.ts'
import { readCursorRequest, readPageRequest } from '#wire/paging.ts'
import { compileCheck } from '#wire/reading.ts'

/** The input of a handler, fully validated. */
export interface Input<P, Q, B> {
  params: P
  query: Q
  body: B
  page: PageRequest
  cursor: CursorRequest
}

/** The input of a form's handler, whose file has been stored. */
export interface FormInput<P, M, F> {
  params: P
  fields: M
  file: F
}

type Answer =
  | { kind: 'one' | 'page' | 'cursorPage'; resource: AnyResource }
  | { kind: 'nothing' }
  | { kind: 'redirect' }

/** An operation of the Platform API. The id is the official one, or our own for operations that only links lead to. */
export interface Operation extends Described {
  scopes: string[]
  /** Set if a multipart form may replace the body. */
  form?: Form
  answer: Answer
  // biome-ignore lint/suspicious/noExplicitAny: one list holds operations of all types; `operation` checks each.
  handle: (caller: ApplicationCaller, input: Input<any, any, any>) => Promise<unknown>
}

/** A multipart form: its part `file`, and its other parts. */
interface Form {
  fields: z.ZodObject
  // biome-ignore lint/suspicious/noExplicitAny: as with the handlers of operations
  storage: Storage<any>
  // biome-ignore lint/suspicious/noExplicitAny: as with the handlers of operations
  handle: (caller: ApplicationCaller, input: FormInput<any, any, any>) => Promise<unknown>
}

const nothing = z.object({})

/** The handler's result by the kind of the answer. */
type Result<A extends Answer> = A extends { kind: 'one'; resource: Resource<infer _S, infer E> }
  ? E
  : A extends { kind: 'page'; resource: Resource<infer _S, infer E> }
    ? Page<E>
    : A extends { kind: 'cursorPage'; resource: Resource<infer _S, infer E> }
      ? CursorPage<E>
      : A extends { kind: 'redirect' }
        ? string
        : unknown

/** Checks an operation's literal: its schemas determine the types of its handler. */
export function operation<
  A extends Answer,
  P extends z.ZodObject = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
  M extends z.ZodObject = typeof nothing,
  F = unknown,
>(
  given: Omit<
    Operation,
    'method' | 'path' | 'params' | 'query' | 'body' | 'form' | 'answer' | 'handle' | 'status'
  > & {
    route: Route
    status?: number
    params?: P
    query?: Q
    body?: B
    form?: {
      fields: M
      storage: Storage<F>
      handle: (caller: ApplicationCaller, input: FormInput<z.output<P>, z.output<M>, F>) => Promise<Result<A>>
    }
    answer: A
    handle: (
      caller: ApplicationCaller,
      input: Input<z.output<P>, z.output<Q>, z.output<B>>,
    ) => Promise<Result<A>>
  },
): Operation {
  return { status: 200, params: nothing, query: nothing, ...given, ...readRoute(given.route) }
}

export const one = <R extends AnyResource>(resource: R) => ({ kind: 'one' as const, resource })
export const pageOf = <R extends AnyResource>(resource: R) => ({ kind: 'page' as const, resource })
export const cursorPageOf = <R extends AnyResource>(resource: R) => ({
  kind: 'cursorPage' as const,
  resource,
})
export const noBody = { kind: 'nothing' as const }
export const redirect = { kind: 'redirect' as const }

/** An id in a path. One that is too large belongs to no resource and answers 404 like any other. */
export const PathId = z
  .string()
  .regex(/^\d{1,19}$/, 'must be a positive integer')
  .transform((digits) => Math.min(Number(digits), Number.MAX_SAFE_INTEGER))
  .refine((id) => id > 0, 'must be a positive integer')
  .meta({ type: 'integer', format: 'int64' })
export const WithId = z.object({ id: PathId })
export const WithUserId = z.object({ id: PathId, user_id: PathId })

/** Registers operations below the scope's prefix. Links contain the prefix after the origin. */
export function serve(
  app: FastifyInstance,
  operations: Operation[],
  { baseUrl }: Pick<Context, 'baseUrl'>,
): void {
  mount(app, operations, async (each, checks, request, reply) => {
    const representation = negotiateRepresentation(request)
    mustOwnPath(request)
    mustHaveScopes(request.caller, each.scopes)
    const query = request.query as Record<string, string | string[]>
    const params = checks.params(request)
    const result = isForm(request)
      ? await handleForm(each, request, params)
      : await each.handle(request.caller, {
          params,
          query: checks.query(request),
          body: checks.body(request),
          page: each.answer.kind === 'page' ? readPageRequest(query) : unpaged,
          cursor: each.answer.kind === 'cursorPage' ? readCursorRequest(query) : uncursored,
        })
    const view = viewOf(request, representation, baseUrl(request.origin))
    return answer(each.answer, result, {
      request,
      reply: reply.code(each.status),
      view,
      query,
      filters: each.query,
      representation,
    })
  })
}

/** Returns whether the request is a form. Scopes without the plugin `uploads` refuse forms before they get here. */
function isForm(request: FastifyRequest): boolean {
  return request.isMultipart?.() ?? false
}

function handleForm(operation: Operation, request: FastifyRequest, params: unknown): Promise<unknown> {
  const { about, form } = operation
  if (!form) throw new ChatError('UnsupportedMediaTypeError', 'The body must be JSON')
  const { caller } = request
  const check = checkOfFields(form, about)
  return receive(request, { about, storage: form.storage, caller, known: form.fields }, (file, fields) =>
    form.handle(caller, { params, fields: check(fields), file }),
  )
}

/** Compiled once for all path forms of an operation. */
const fieldChecks = new WeakMap<Form, (fields: unknown) => unknown>()

function checkOfFields(form: Form, about: string): (fields: unknown) => unknown {
  const check = fieldChecks.get(form) ?? compileCheck(about, form.fields)
  fieldChecks.set(form, check)
  return check
}

const unpaged: PageRequest = { number: 0, size: 0, sort: [] }
const uncursored: CursorRequest = { size: 0, relation: 'SELF' }

interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
  view: View
  query: Record<string, string | string[]>
  /** The schema of the parameters that links between pages repeat. */
  filters: z.ZodObject
  representation: Representation
}

function answer(kind: Answer, result: unknown, exchange: Exchange): FastifyReply {
  const { reply, view, representation } = exchange
  if (kind.kind === 'nothing') return reply.send()
  if (kind.kind === 'redirect')
    return reply.redirect(new URL(absolute(result as string, view.origin)).href, 302)
  return reply
    .header('content-type', representation.contentType)
    .send(JSON.stringify(documentOf(kind, result, exchange)))
}

function documentOf(
  kind: Exclude<Answer, { kind: 'nothing' | 'redirect' }>,
  result: unknown,
  exchange: Exchange,
) {
  const { view, query, request } = exchange
  switch (kind.kind) {
    case 'one':
      return present(kind.resource, result, view)
    case 'page':
      return presentPage(kind.resource, result as Page<unknown>, view, {
        url: view.origin + pathOf(request),
        filters: filtersOf(exchange),
        sort: [query.sort ?? []].flat(),
      })
    case 'cursorPage':
      return presentCursorPage(kind.resource, result as CursorPage<unknown>, view, {
        url: view.origin + pathOf(request),
        filters: filtersOf(exchange),
      })
  }
}

function filtersOf({ filters, query }: Exchange): [string, string][] {
  return Object.entries(filters.shape).flatMap(([key, schema]) => {
    const given = namesOf(key, schema).findLast((name) => query[name] !== undefined) ?? key
    return [query[given] ?? []].flat().map((value): [string, string] => [key, value])
  })
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] as string
}

/** Resources link below `/v1/applications/{id}`, or without `/v1` if the request came without (contract h3). */
function viewOf(request: FastifyRequest, { spelling }: Representation, origin: string): View {
  const version = request.url.startsWith('/v1/') ? '/v1' : ''
  return { spelling, origin, base: `${origin}${version}/applications/${request.caller.applicationId}` }
}

/** @throws ChatError NotAcceptableError if the client accepts no JSON */
export function negotiateRepresentation(request: FastifyRequest): Representation {
  const representation = representationFor(request.headers.accept)
  if (!representation) throw new ChatError('NotAcceptableError', 'Answers are JSON only')
  return representation
}

/** Path forms that name an application only serve the token's own. @throws ChatError 404 */
function mustOwnPath(request: FastifyRequest): void {
  const { applicationId } = request.params as { applicationId?: string }
  if (applicationId === undefined || applicationId === 'me') return
  if (applicationId !== String(request.caller.applicationId)) {
    throw new ChatError('ResourceNotFoundError', `application ${applicationId} does not exist`)
  }
}
