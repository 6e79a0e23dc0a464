// The report of a move: what was moved, and what could not be moved and why.
import type { Staged } from '#domain/moving/stage-items.ts'
import type { MovedKind } from '#resources/moving.ts'

/** Up to this many single items are named; all are counted. */
const namedMax = 1_000

export interface KindReport {
  read: number
  new: number
  changed: number
  same: number
  written: number
}

export interface NotCarried {
  kind: string
  key: string
  reason: string
}

export interface Report {
  source: string
  application: number
  isDryRun: boolean
  pass: number
  since: string | null
  /** The value of --since for the next run. */
  startedTime: string
  kinds: Partial<Record<MovedKind, KindReport>>
  /** Number of files of messages and pictures, and their total size according to the source. */
  files: { count: number; bytes: number }
  notCarried: NotCarried[]
  notCarriedCount: number
  /** By kind: the number of items that still exist here, but no longer at the source. */
  vanished: Partial<Record<MovedKind, number>>
  limits: string[]
  requests: number
  repeated: number
}

export function emptyReport(
  known: Pick<Report, 'source' | 'application' | 'isDryRun' | 'pass' | 'since' | 'startedTime' | 'limits'>,
): Report {
  return {
    ...known,
    kinds: {},
    files: { count: 0, bytes: 0 },
    notCarried: [],
    notCarriedCount: 0,
    vanished: {},
    requests: 0,
    repeated: 0,
  }
}

export function kindOf(report: Report, kind: MovedKind): KindReport {
  report.kinds[kind] ??= { read: 0, new: 0, changed: 0, same: 0, written: 0 }
  return report.kinds[kind]
}

export function noteRead(report: Report, kind: MovedKind, staged: Staged[]): void {
  const counts = kindOf(report, kind)
  counts.read += staged.length
  for (const { state } of staged) counts[state]++
}

export function noteNotCarried(report: Report, problem: NotCarried): void {
  report.notCarriedCount++
  if (report.notCarried.length < namedMax) report.notCarried.push(problem)
}
