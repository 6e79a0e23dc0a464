// Compares COVERAGE.md with the official packages and with the operations that are served. The test files named in its
// columns end by checking that its claims are true.
import * as chatkitty from 'chatkitty'
import * as platformSdk from 'chatkitty-platform-sdk'
import { describe, expect, it } from 'vitest'
import official from '../support/official-operations.json' with { type: 'json' }
import { none, notYet, readCoverage, servedOperations } from './coverage.ts'

const rows = readCoverage()
/** Clients only have methods for official operations. */
const served = servedOperations.filter(({ id }) => id in official)
const idsOf = (list: { id: string }[]) => list.map(({ id }) => id).sort()

/** The names of all methods of a package's API classes. */
function methodsOf(sdk: Record<string, unknown>): string[] {
  const classes = Object.entries(sdk).filter(([name]) => /^[A-Z]\w*Api$/.test(name))
  return classes
    .flatMap(([, api]) => Object.getOwnPropertyNames((api as { prototype: object }).prototype))
    .filter((name) => name !== 'constructor')
    .sort()
}

describe('COVERAGE.md', () => {
  it('has a row for each of the 70 operations of chatkitty 2.106.8', () => {
    expect(rows).toHaveLength(70)
    expect(idsOf(rows)).toEqual(methodsOf(chatkitty))
  })

  it('knows which of them chatkitty-platform-sdk 2.4.0 has', () => {
    const todaysName = (name: string) => name.replace('AuthenticatedApplication', 'Application')
    const its = idsOf(rows.filter((row) => row['chatkitty-platform-sdk'] !== none))
    expect(its).toEqual(methodsOf(platformSdk).map(todaysName).sort())
  })

  it('names every operation that is served, with its method and path', () => {
    const named = new Map(rows.map(({ id, method, path }) => [id, `${method} ${path}`]))
    for (const { id, method, path } of served) expect(named.get(id), id).toBe(`${method} ${path}`)
  })

  it('pins every operation that is served, and marks no served operation as "not yet"', () => {
    const columns = ['chatkitty', 'chatkitty-platform-sdk', 'curl'] as const
    for (const column of columns) {
      const has = rows.filter((row) => row[column] !== none)
      const pinned = has.filter((row) => row[column] !== notYet)
      const expected = has.filter(({ id }) => served.some((operation) => operation.id === id))
      expect(idsOf(pinned), column).toEqual(idsOf(expected))
    }
  })
})
