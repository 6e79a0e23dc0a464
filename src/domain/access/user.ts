// Who may connect, and which users a caller may change.
import type { Caller } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'

/** Requires a backend, which may change any user, or the user themselves. @throws ChatError AccessDeniedError */
export function mustBeSelf(caller: Caller, userId: number): void {
  if (caller.kind === 'application' || caller.userId === userId) return
  throw new ChatError('AccessDeniedError', 'Users may change only themselves')
}

/** The settings of an application that decide who may connect (runtime contract 1.7). */
export interface AdmissionRules {
  guestUsers: boolean
  /** Whether functions decide who may connect. */
  isGuarded: boolean
}

/**
 * Returns whether a user may connect or reconnect. If functions decide, these must have vouched for the user. Otherwise
 * the application must accept guests, because nobody has proved who they are.
 */
export function mayConnect({ guestUsers, isGuarded }: AdmissionRules, isVouched: boolean): boolean {
  return isGuarded ? isVouched : guestUsers
}

/** Returns whether a connected user may stay. New functions affect nobody, but guests leave if no longer accepted. */
export function mayStay({ guestUsers }: AdmissionRules, isVouched: boolean): boolean {
  return guestUsers || isVouched
}
