// What COVERAGE.md claims, and the requests that the server of this process actually got.
import { subscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { expect } from 'vitest'
import type { Context } from '#context.ts'
import { operationsOf } from '#routes/operations.ts'

type Column = 'chatkitty' | 'chatkitty-platform-sdk' | 'curl'

interface Coverage extends Record<Column, string> {
  id: string
  method: string
  path: string
}

/** The rows of the table. */
export function readCoverage(): Coverage[] {
  const text = readFileSync(new URL('COVERAGE.md', import.meta.url), 'utf8')
  const rows = text.matchAll(/^\| *(\w+) *\| *([A-Z]+) (\/\S*) *\|([^|]+)\|([^|]+)\|([^|]+)\|$/gm)
  return [...rows].map(([, id = '', method = '', path = '', ...cells]) => {
    const [chatkitty = '', platformSdk = '', curl = ''] = cells.map((cell) => cell.trim())
    return { id, method, path, chatkitty, 'chatkitty-platform-sdk': platformSdk, curl }
  })
}

/** In a cell: not served yet, or not testable, because the SDK or the documents lack it. */
export const notYet = 'not yet'
export const none = '–'

/** Operations are data; only handlers use the context. */
export const servedOperations = operationsOf({} as Context).map(({ id, method, path }) => ({
  id,
  method,
  path: path.replaceAll(/:(\w+)/g, '{$1}'),
  route: `${method} ${path}`,
}))

/** Operations that succeeded, with the groups of tests that called them. */
type Called = Map<string, Set<string>>

/** Records the operations that clients with this User-Agent call from now on. */
export function observe(userAgent: RegExp): Called {
  const called: Called = new Map()
  const ids = new Map(servedOperations.map(({ id, route }) => [route, id]))
  subscribe('tracing:fastify.request.handler:asyncEnd', (message) => {
    const { request, reply } = message as { request: FastifyRequest; reply: FastifyReply }
    if (reply.statusCode >= 300 || !userAgent.test(request.headers['user-agent'] ?? '')) return
    const path = request.routeOptions.url?.replace(/^(\/v1)?(\/applications\/:applicationId)?/, '')
    const id = ids.get(`${request.method} ${path}`)
    if (id === undefined) return
    const groups = expect.getState().currentTestName?.split(' > ').slice(0, -1) ?? []
    called.set(id, new Set([...(called.get(id) ?? []), ...groups]))
  })
  return called
}

/** Passes if the tests of the file called exactly the operations that the column claims, in the groups it names. */
export function mustBeCovered(column: Column, called: Called): void {
  const claims = readCoverage().filter((row) => row[column] !== notYet && row[column] !== none)
  const found = claims.map((row) => {
    const groups = row[column].split(', ').filter((group) => called.get(row.id)?.has(group))
    return [row.id, groups.join(', ') || 'never called']
  })
  const unclaimed = [...called.keys()].filter((id) => !claims.some((row) => row.id === id))
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(claims.map((row) => [row.id, row[column]])))
  expect(unclaimed).toEqual([])
}
