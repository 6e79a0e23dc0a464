// Settings for the limits and the egress of functions.
import { z } from 'zod'
import { amount, optional } from '#config/values.ts'
import { isLoopback } from '#wire/loopback.ts'

export const functionSettings = {
  FUNCTION_INVOCATIONS_DAYS: amount('days', { max: 3650, otherwise: 7 }),
  FUNCTION_BLOCKING_TIMEOUT_SECONDS: amount('seconds', { max: 30, otherwise: 5 }),
  FUNCTION_EGRESS: optional(z.enum(['guarded', 'open'])),
  FUNCTION_MEMORY_MB: amount('megabytes', { min: 32, max: 16_384, otherwise: 192 }),
  FUNCTION_PROCESSES: amount('processes', { max: 1_024, otherwise: 16 }),
  FUNCTION_TIMEOUT_SECONDS: amount('seconds', { max: 300, otherwise: 10 }),
}

type Settings = z.output<z.ZodObject<typeof functionSettings>>

export interface FunctionConfig {
  /** How long invocations are kept. */
  functionInvocationsDays: number
  /** Time limits of a function that a client waits for, and of any other. */
  functionBlockingTimeoutMs: number
  functionTimeoutMs: number
  /** Whether functions may connect to addresses that are not public. */
  functionEgress: 'guarded' | 'open'
  /** Limit for JavaScript's heap in each function process. */
  functionMemoryMb: number
  /** Maximum number of function processes, for all applications together. */
  functionProcesses: number
}

/** @param host where the server listens: if only this machine can reach it, functions are the operator's own */
export function functionConfigOf(settings: Settings, host: string): FunctionConfig {
  return {
    functionInvocationsDays: settings.FUNCTION_INVOCATIONS_DAYS,
    functionBlockingTimeoutMs: settings.FUNCTION_BLOCKING_TIMEOUT_SECONDS * 1_000,
    functionTimeoutMs: settings.FUNCTION_TIMEOUT_SECONDS * 1_000,
    functionEgress: settings.FUNCTION_EGRESS ?? (isLoopback(host) ? 'open' : 'guarded'),
    functionMemoryMb: settings.FUNCTION_MEMORY_MB,
    functionProcesses: settings.FUNCTION_PROCESSES,
  }
}
