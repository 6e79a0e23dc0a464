// Who may connect, and which users a caller may change.
import type { ConnectRules } from '#data/applications/connect-rules.ts'
import type { Caller } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'

/** Requires a backend, which may change any user, or the user themselves. @throws ChatError AccessDeniedError */
export function mustBeSelf(caller: Caller, userId: number): void {
  if (caller.kind === 'application' || caller.userId === userId) return
  throw new ChatError('AccessDeniedError', 'Users may change only themselves')
}

/**
 * Returns whether a user may connect or reconnect (runtime contract 1.7). If functions or webhooks decide, these must
 * have vouched for the user. Otherwise the application must accept guests, because nobody has proved who they are.
 */
export function mayConnect(
  { guestUsers, isGuarded }: Pick<ConnectRules, 'guestUsers' | 'isGuarded'>,
  isVouched: boolean,
): boolean {
  return isGuarded ? isVouched : guestUsers
}

/**
 * Returns whether a connected user may stay. New functions and webhooks affect nobody, but guests whom none vouched for
 * leave if the application no longer accepts guests.
 */
export function mayStay({ guestUsers }: Pick<ConnectRules, 'guestUsers'>, isVouched: boolean): boolean {
  return guestUsers || isVouched
}
