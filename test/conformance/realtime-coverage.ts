// What COVERAGE.md claims about the real-time clients, and what they actually did in this process.
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

export interface RealtimeRow {
  /** A method, a callback, or one variant of a method. */
  entry: string
  /** The test file and the group in it; undefined if no server is involved. */
  file: string | undefined
  group: string | undefined
}

/** The rows of the second table. */
export function readRealtimeCoverage(): RealtimeRow[] {
  const text = readFileSync(new URL('COVERAGE.md', import.meta.url), 'utf8')
  const [, section = ''] = text.split('## In real time')
  const rows = section.matchAll(/^\| `([^`]+)` *\|([^|]*)\|([^|]*)\|$/gm)
  return [...rows].map(([, entry = '', where = '', group = '']) => {
    const file = /^\[([\w-]+)\]\((?:\.\.\/browser\/|realtime\/)?\1\.test\.ts\)$/.exec(where.trim())?.[1]
    return file === undefined ? { entry, file, group: undefined } : { entry, file, group: group.trim() }
  })
}

/** The methods that succeeded and the callbacks that were called, with their groups of tests. */
const seen = new Map<string, Set<string>>()

/** Records that a method has settled or a callback was called. */
export function note(entry: string): void {
  const groups = expect.getState().currentTestName?.split(' > ').slice(0, -1) ?? []
  seen.set(entry, new Set([...(seen.get(entry) ?? []), ...groups]))
}

/** Passes if this file did what the table claims, in the groups that it names. */
export function mustBeCoveredHere(): void {
  const file = expect.getState().testPath?.match(/([\w-]+)\.test\.ts$/)?.[1]
  const rows = readRealtimeCoverage()
  const claims = rows.filter((row) => row.file === file)
  const found = claims.map(({ entry, group = '' }) => [
    entry,
    seen.get(entry)?.has(group) ? group : 'was never seen',
  ])
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries(claims.map(({ entry, group }) => [entry, group])),
  )
  expect(claims.length).toBeGreaterThan(0)
  const known = new Set(rows.map(({ entry }) => entry))
  expect(
    [...seen.keys()].filter((entry) => !known.has(entry)),
    'without a row',
  ).toEqual([])
}
