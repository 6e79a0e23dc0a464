// The protocol between the server and a function process: lines of JSON on a pipe, orders down and reports up.
import type { ClockState } from '#clock/clock.ts'

export interface Log {
  level: 'debug' | 'info' | 'warn' | 'error'
  /** Time in ISO 8601. */
  time: string
  text: string
}

export interface ErrorReport {
  name: string
  message: string
  stack?: string
}

/** CommonJS compiled from a customer's script, and its source map. */
export interface Script {
  code: string
  map: string
}

export interface StartOrder {
  type: 'start'
  environment: Record<string, string>
  /** Origin of the API that the context uses. */
  apiOrigin: string
  /** Contains the node_modules of the customer's dependencies. */
  dependenciesFolder?: string
  /** The file with the default dependencies. */
  packagesFile: string
  /** `address port` of reachable addresses that are not public; if absent, all addresses are reachable. */
  reachable?: string[]
  initialization?: Script
}

export interface RunOrder {
  type: 'run'
  id: number
  versionId: number
  /** Absent if the process has received it before. */
  script?: Script
  event: unknown
  /** Selects the method of a plugin. */
  eventType: string
  token: string
  /** Trace context of the run, if it is traced. */
  traceparent?: string
  /** The server's clock when the run begins. */
  clock: ClockState
}

export type Order = StartOrder | RunOrder

/** Everything that the process has used so far. */
export interface Usage {
  residentBytes: number
  cpuMs: number
}

/** `id` is that of the run, or 0 for the initialization script. */
export type Report =
  | { type: 'ready' }
  | { type: 'unready'; error: ErrorReport }
  | { type: 'started'; id: number }
  | { type: 'log'; id: number; level: Log['level']; time: number; text: string }
  /** The log is full. */
  | { type: 'cut'; id: number }
  /** `note` says which part of the result could not be recorded. */
  | { type: 'done'; id: number; usage: Usage; result: unknown; note?: string }
  /** `spent` means that the failed code keeps running, so the process must not be reused. */
  | { type: 'failed'; id: number; usage: Usage; error: ErrorReport; spent: boolean }
  /** Code left behind by an earlier run has failed. */
  | { type: 'stale'; error: ErrorReport }

/** Maximum lengths of the parts of an error, in characters. */
export const errorMax = { name: 200, message: 4_000, stack: 8_000 }
export const noteMax = 1_000

export const resultBytesMax = 1024 * 1024
export const logLinesMax = 1000
export const logBytesMax = 256 * 1024
