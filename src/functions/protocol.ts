// What the server and a process of functions say to each other: lines of JSON on a pipe, orders down, reports up.
import type { ClockState } from '#clock/clock.ts'

export interface Log {
  level: 'debug' | 'info' | 'warn' | 'error'
  /** ISO 8601. */
  time: string
  text: string
}

export interface ErrorReport {
  name: string
  message: string
  stack?: string
}

/** CommonJS that was compiled from a customer's script, and the source map that leads back to it. */
export interface Script {
  code: string
  map: string
}

export interface StartOrder {
  type: 'start'
  environment: Record<string, string>
  /** Of the API that the context talks to. */
  apiOrigin: string
  /** Has the node_modules of the customer's dependencies. */
  dependenciesFolder?: string
  /** The file that has the default dependencies. */
  packagesFile: string
  /** `address port` of what may be reached though it is not public; absent where everything may be. */
  reachable?: string[]
  initialization?: Script
}

export interface RunOrder {
  type: 'run'
  id: number
  versionId: number
  /** Absent where the process has had it before. */
  script?: Script
  event: unknown
  /** Which method of a plugin handles it. */
  eventType: string
  token: string
  /** Of the run, where that is traced. */
  traceparent?: string
  /** How the server's goes as the run begins. */
  clock: ClockState
}

export type Order = StartOrder | RunOrder

/** Of everything that the process has used so far. */
export interface Usage {
  residentBytes: number
  cpuMs: number
}

/** `id` is that of the run, or 0 of the initialization script. */
export type Report =
  | { type: 'ready' }
  | { type: 'unready'; error: ErrorReport }
  | { type: 'started'; id: number }
  | { type: 'log'; id: number; level: Log['level']; time: number; text: string }
  /** The log is full. */
  | { type: 'cut'; id: number }
  /** `note` says what of the result could not be recorded. */
  | { type: 'done'; id: number; usage: Usage; result: unknown; note?: string }
  /** `spent` where what failed goes on, so the process is not to be used again. */
  | { type: 'failed'; id: number; usage: Usage; error: ErrorReport; spent: boolean }
  /** What an earlier run left behind has failed. */
  | { type: 'stale'; error: ErrorReport }

/** Characters of what is said of an error. */
export const errorMax = { name: 200, message: 4_000, stack: 8_000 }
export const noteMax = 1_000

export const resultBytesMax = 1024 * 1024
export const logLinesMax = 1000
export const logBytesMax = 256 * 1024
