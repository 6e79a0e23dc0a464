// The admin API for the command line: on this machine, with or without a running server, or on a server elsewhere.

import { localOperator, withContext } from '#cli/context.ts'
import { UsageError } from '#cli/output.ts'
import type { Context } from '#context.ts'
import { adminPrefix } from '#resources/admin/address.ts'
import { type Ask, performAdmin } from '#routes/admin/operation.ts'
import { type AdminServices, adminOperationsOf } from '#routes/admin/operations.ts'

export interface AdminOptions {
  /** The URL of the server; without it, the database of the settings is used. */
  server?: string
}

export interface Inside extends AdminOptions {
  /** The id of the application; needed if there are several. */
  application?: string
}

/** Performs an operation, by its id. */
// biome-ignore lint/suspicious/noExplicitAny: openapi-admin.yaml describes the results
export type Call = (id: string, ask?: Ask) => Promise<any>

/** Empty: the command line calls no handlers that need a request. */
const noServices = {} as AdminServices

/** Calls `work` with the operations of a server (with CHATTERIE_ADMIN_KEY), or as the operator of this machine. */
export function withAdmin<T>({ server }: AdminOptions, work: (call: Call) => Promise<T>): Promise<T> {
  if (server !== undefined) return work(callOf(server))
  return withContext((ctx) => {
    const operator = localOperator()
    return work((id, ask = {}) => performAdmin(ctx, operationOf(ctx, id), operator, ask, ctx.baseUrl()))
  })
}

function operationOf(ctx: Context, id: string) {
  const found = adminOperationsOf(ctx, noServices).find((each) => each.id === id)
  if (!found) throw new Error(`There is no operation ${id}`)
  return found
}

function callOf(server: string): Call {
  const key = process.env.CHATTERIE_ADMIN_KEY
  if (!key) throw new UsageError('--server wants an admin key in CHATTERIE_ADMIN_KEY')
  if (!URL.canParse(server)) throw new UsageError(`${server} is not a URL`)
  const base = server.replace(/\/+$/, '') + adminPrefix
  return async (id, { params = {}, query = {}, body } = {}) => {
    // Only method and path matter here; the handlers are not called.
    const { method, path } = operationOf({} as Context, id)
    const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
    const asked = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    )
    const answer = await fetch(`${base}${filled}?${new URLSearchParams(asked)}`, {
      method,
      redirect: 'error',
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (answer.ok) return text === '' ? undefined : JSON.parse(text)
    throw new Error(`${reasonOf(text)} (${answer.status})`)
  }
}

function reasonOf(text: string): string {
  try {
    const { message, detail, error_description: description } = JSON.parse(text)
    return detail ?? message ?? description ?? 'the server failed'
  } catch {
    return 'the server failed'
  }
}

/** Returns all items of a list, or the first `max`. */
export async function listAll<E>(
  call: Call,
  id: string,
  ask: Ask,
  max = Number.POSITIVE_INFINITY,
): Promise<E[]> {
  const items: E[] = []
  for (let cursor: string | undefined; ; ) {
    const limit = Math.min(100, max - items.length)
    const part = await call(id, { ...ask, query: { ...ask.query, limit, cursor } })
    items.push(...part.items)
    if (part.next === undefined || items.length >= max) return items
    cursor = part.next
  }
}

/** Returns the id of the given application, or of the only one. @throws UsageError if there are several */
export async function applicationFor(call: Call, given: string | undefined): Promise<number> {
  if (given !== undefined) {
    if (/^\d{1,15}$/.test(given)) return Number(given)
    throw new UsageError(`--application ${given} is wrong: give its id`)
  }
  const { items, next } = await call('listApplications', { query: { limit: 2 } })
  const [only, other] = items
  if (only && !other && next === undefined) return only.id
  throw new UsageError(
    other ? 'Which application? Give --application with its id' : 'There is no application',
  )
}
