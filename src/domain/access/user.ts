// Who is let in, and whom users may change.
import type { Caller } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'

/** Backends may change any user, users only themselves. @throws ChatError AccessDeniedError */
export function mustBeOneself(caller: Caller, userId: number): void {
  if (caller.kind === 'application' || caller.userId === userId) return
  throw new ChatError('AccessDeniedError', 'Users may change only themselves')
}

/** What of an application decides who gets in (runtime contract 1.7). */
export interface EntranceRules {
  guestUsers: boolean
  /** Whether functions are asked. */
  isGuarded: boolean
}

/**
 * Whether who comes, or comes back, is let in: where functions are asked, whom they have vouched for, and else
 * everybody if guests are taken, for nobody has shown who they are.
 */
export function mayEnter({ guestUsers, isGuarded }: EntranceRules, isVouched: boolean): boolean {
  return isGuarded ? isVouched : guestUsers
}

/** Whether who is in may stay: nobody has to go because functions change, but guests where they are not taken any more. */
export function mayStay({ guestUsers }: EntranceRules, isVouched: boolean): boolean {
  return guestUsers || isVouched
}
