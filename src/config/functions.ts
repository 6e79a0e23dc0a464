// What functions may take, and reach.
import { z } from 'zod'
import { blankIsAbsent, optional } from '#config/values.ts'
import { isLoopback } from '#wire/loopback.ts'

export const functionSettings = {
  FUNCTION_INVOCATIONS_DAYS: z.preprocess(
    blankIsAbsent,
    z.coerce.number('must be a number of days').int().min(1).max(3650).default(7),
  ),
  FUNCTION_BLOCKING_TIMEOUT_SECONDS: z.preprocess(
    blankIsAbsent,
    z.coerce.number('must be a number of seconds').int().min(1).max(30).default(5),
  ),
  FUNCTION_EGRESS: optional(z.enum(['guarded', 'open'])),
  FUNCTION_MEMORY_MB: z.preprocess(
    blankIsAbsent,
    z.coerce.number('must be a number of megabytes').int().min(32).max(16_384).default(192),
  ),
  FUNCTION_PROCESSES: z.preprocess(
    blankIsAbsent,
    z.coerce.number('must be a number of processes').int().min(1).max(1_024).default(16),
  ),
  FUNCTION_TIMEOUT_SECONDS: z.preprocess(
    blankIsAbsent,
    z.coerce.number('must be a number of seconds').int().min(1).max(300).default(10),
  ),
}

type Settings = z.output<z.ZodObject<typeof functionSettings>>

export interface FunctionConfig {
  /** How long the record of what functions did is kept. */
  functionInvocationsDays: number
  /** What a function may take while a client waits for it, and any other. */
  functionBlockingTimeoutMs: number
  functionTimeoutMs: number
  /** Whether functions may connect to what is not public. */
  functionEgress: 'guarded' | 'open'
  /** Of JavaScript's heap in each process of functions. */
  functionMemoryMb: number
  /** Processes of functions, of all applications together. */
  functionProcesses: number
}

/** @param host where the server listens: where only this machine reaches it, functions are the operator's own */
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
