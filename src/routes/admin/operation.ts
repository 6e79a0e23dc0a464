// Describes an operation of the admin API as data, from which its Fastify route and its page in openapi-admin.yaml are
// derived.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveRight, type OperatorCaller, type Right } from '#domain/access/operator.ts'
import { enterApplication } from '#domain/applications/administered/enter-application.ts'
import { ChatError, type FieldProblem, summaryOf } from '#errors.ts'
import { type ListPart, ListQuery, type ListRequest } from '#resources/admin/list.ts'
import { type Described, mount, type Route, readRoute } from '#routes/mount.ts'
import { negotiateRepresentation, WithId } from '#routes/operation.ts'
import { receive, type Storage, withoutForm } from '#routes/upload.ts'
import { compileWriter, type Writer } from '#wire/casing.ts'
import { absolute } from '#wire/hal.ts'
import { compileCheck } from '#wire/reading.ts'
import { findOddFields } from '#wire/unknown-fields.ts'

type AdminAnswer =
  | { kind: 'one' | 'list'; shape: z.ZodType }
  | { kind: 'nothing' }
  /** Text of another type, which the handler writes itself. */
  | { kind: 'text'; contentTypes: string[] }

interface AdminInput<P, Q, B> {
  params: P
  query: Q
  body: B
  /** The requested part, for answers that are lists. */
  list: ListRequest
  /** For handlers that need more than the parsed input. */
  request: FastifyRequest
  reply: FastifyReply
}

/** A multipart form with a part `file`. */
interface AdminForm {
  // biome-ignore lint/suspicious/noExplicitAny: one list holds operations of all types; `insideOperation` checks each.
  storage: Storage<any>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  handle: (caller: InsideCaller, input: { params: any; file: any }) => Promise<unknown>
}

export interface AdminOperation extends Described {
  /** The right that is required, see domain/access/operator.ts, unless the operation is open. */
  right: Right
  /** Whether the operation acts on the application in its path. */
  isInside: boolean
  /** Set if the operation only accepts a form. */
  form?: AdminForm
  answer: AdminAnswer
  // biome-ignore lint/suspicious/noExplicitAny: one list holds operations of all types; `adminOperation` checks each.
  handle: (caller: any, input: AdminInput<any, any, any>) => Promise<unknown>
}

type Result<A extends AdminAnswer> = A extends { kind: 'one'; shape: infer S extends z.ZodType }
  ? z.output<S>
  : A extends { kind: 'list'; shape: infer S extends z.ZodType }
    ? ListPart<z.output<S>>
    : unknown

const nothing = z.object({})

type Given<A extends AdminAnswer, C, P, Q, B> = Omit<
  AdminOperation,
  'method' | 'path' | 'params' | 'query' | 'body' | 'form' | 'answer' | 'handle' | 'status' | 'isInside'
> & {
  route: Route
  status?: number
  params?: P
  query?: Q
  body?: B
  answer: A
  handle: (caller: C, input: AdminInput<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Result<A>>
}

/** Checks an operation's literal: its schemas determine the types of its handler. */
export function adminOperation<
  A extends AdminAnswer,
  P extends z.ZodObject = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(given: Given<A, OperatorCaller, P, Q, B>): AdminOperation {
  const { answer, route, params = nothing } = given
  const query = queryOf(given)
  return { status: statusOf(answer), ...given, ...readRoute(route), params, query, isInside: false }
}

/** Defines an operation inside an application that takes a multipart form. The file is stored while it arrives. */
export function formOperation<A extends AdminAnswer, P extends z.ZodObject = typeof nothing, F = unknown>({
  form,
  ...given
}: Omit<Given<A, InsideCaller, P, typeof nothing, z.ZodUndefined>, 'handle'> & {
  form: {
    storage: Storage<F>
    handle: (caller: InsideCaller, input: { params: z.output<P>; file: F }) => Promise<Result<A>>
  }
}): AdminOperation {
  return { ...insideOperation<A, P>({ ...given, handle: withoutForm(given.about) }), form }
}

const ofApplication = '/applications/:id'

/** Like `adminOperation`, inside an application: the handler is called like one for a backend of the application. */
export function insideOperation<
  A extends AdminAnswer,
  P extends z.ZodObject = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(given: Given<A, InsideCaller, P, Q, B>): AdminOperation {
  const { method, path } = readRoute(given.route)
  return {
    status: statusOf(given.answer),
    ...given,
    method,
    path: ofApplication + path,
    params: WithId.extend(given.params?.shape ?? {}),
    query: queryOf(given),
    isInside: true,
  }
}

function queryOf({ answer, query = nothing }: { answer: AdminAnswer; query?: z.ZodObject }): z.ZodObject {
  return answer.kind === 'list' ? query.extend(ListQuery.shape) : query
}

/** An operator inside an application. */
export type InsideCaller = ApplicationCaller & { operator: OperatorCaller }

const statusOf = ({ kind }: AdminAnswer) => (kind === 'nothing' ? 204 : 200)

export const oneOf = <S extends z.ZodType>(shape: S) => ({ kind: 'one' as const, shape })
export const listOf = <S extends z.ZodType>(shape: S) => ({ kind: 'list' as const, shape })
export const noContent = { kind: 'nothing' as const }
export const textOf = (...contentTypes: string[]) => ({ kind: 'text' as const, contentTypes })

/** Registers operations below the scope's prefix, behind the plugin `operators`. */
export function serveAdmin(app: FastifyInstance, operations: AdminOperation[], ctx: Context): void {
  const writers = new Map(operations.map(({ id, answer }) => [id, writerOf(answer)]))
  const named = operations.map((each) => ({ ...each, name: nameOf(each) }))
  mount(app, named, async (each, checks, request, reply) => {
    const { answer } = each
    if (answer.kind !== 'text') negotiateRepresentation(request)
    const caller = await callerOf(ctx, each, request)
    const query = checks.query(request)
    const params = checks.params(request)
    mustBeSpelt(each, request)
    const { limit, cursor } = query
    const result = request.isMultipart()
      ? await handleForm(each, caller as InsideCaller, request, params)
      : await each.handle(caller, {
          params,
          query,
          body: checks.body(request),
          list: { limit, cursor },
          request,
          reply,
        })
    const write = writers.get(each.id)
    if (answer.kind === 'text') return reply
    reply.code(each.status)
    if (!write) return reply.send()
    const base = ctx.baseUrl(request.origin)
    const body = write(result, (url) => absolute(url, base))
    return reply.header('content-type', 'application/json').send(JSON.stringify(body))
  })
}

/**
 * Refuses names that are nearly those of fields: without its misspelt `until`, a ban lasts for ever. Other unknown names
 * are ignored, as in the Platform API.
 */
function mustBeSpelt({ about, query, body }: AdminOperation, request: FastifyRequest): void {
  const odd = [...findOddFields(query, request.query), ...(body ? findOddFields(body, request.body) : [])]
  const problems = odd
    .filter(({ isMisspelt }) => isMisspelt)
    .map(({ path: field, nearest }): FieldProblem => {
      const message = `${field} is not a known field: ${nearest} is`
      return { resource: about, field, code: 'invalid', message }
    })
  if (problems.length > 0) throw new ChatError('ClientError', summaryOf(problems), problems)
}

function handleForm(
  { about, form }: AdminOperation,
  caller: InsideCaller,
  request: FastifyRequest,
  params: unknown,
): Promise<unknown> {
  if (!form) throw new ChatError('UnsupportedMediaTypeError', 'The body must be JSON')
  return receive(request, { about, storage: form.storage, caller }, (file) =>
    form.handle(caller, { params, file }),
  )
}

/** Prefixed, because some ids also exist in the Platform API. */
const nameOf = ({ id }: AdminOperation) => `admin.${id}`

/** The input of an operation that is not called by an HTTP request. */
export interface Ask {
  params?: Record<string, string | number>
  query?: Record<string, string | number | undefined>
  body?: unknown
}

/**
 * Performs an operation outside HTTP for an operator, with the same checks as over HTTP.
 * @param base URL that paths of this server are prefixed with
 * @returns what an HTTP request would be answered with
 */
export async function performAdmin(
  ctx: Context,
  operation: AdminOperation,
  operator: OperatorCaller,
  { params = {}, query = {}, body }: Ask,
  base: string,
): Promise<unknown> {
  const { about, answer, right, isInside, handle } = operation
  const texts = (given: object) =>
    Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    )
  const given = compileCheck(about, operation.params)(texts(params))
  const asked = compileCheck(about, operation.query)(texts(query))
  const content = operation.body && compileCheck(about, operation.body)(body)
  const caller = isInside ? await enterApplication(ctx, operator, Number(given.id)) : operator
  mustHaveRight(operator, right)
  const { limit, cursor } = asked as unknown as ListRequest
  const result = await handle(caller, {
    params: given,
    query: asked,
    body: content,
    list: { limit, cursor },
    get request(): never {
      throw new Error('There is no request')
    },
    get reply(): never {
      throw new Error('There is no request')
    },
  })
  return writerOf(answer)?.(result, (url) => absolute(url, base))
}

function writerOf(answer: AdminAnswer): Writer | undefined {
  if (!('shape' in answer)) return undefined
  const write = compileWriter(answer.shape, 'camel')
  if (answer.kind === 'one') return write
  return (part, absolute) => {
    const { items, next } = part as ListPart<unknown>
    return { items: items.map((item) => write(item, absolute)), next }
  }
}

/** Returns the caller. An application that the operator may not see does not exist for them, whatever their role. */
async function callerOf(ctx: Context, { right, isInside, isOpen }: AdminOperation, request: FastifyRequest) {
  if (isOpen) return undefined
  const { operator } = request
  const caller = isInside ? await enterApplication(ctx, operator, idOf(request)) : operator
  mustHaveRight(operator, right)
  return caller
}

/** Returns the application's id in the path. @throws ChatError 404 if it is not an id */
function idOf({ params }: FastifyRequest): number {
  const { data } = WithId.safeParse(params)
  if (!data) throw new ChatError('ResourceNotFoundError', 'There is no such application')
  return data.id
}
