import type { Context } from '#context.ts'
import { blockingType, type FunctionType } from '#resources/function.ts'

type Limits = Pick<Context['config'], 'functionBlockingTimeoutMs' | 'functionTimeoutMs'>

/** Returns how long a function of a type may run, in milliseconds: clients wait for one kind. */
export function timeLimitOf(limits: Limits, type: FunctionType): number {
  return type === blockingType ? limits.functionBlockingTimeoutMs : limits.functionTimeoutMs
}
