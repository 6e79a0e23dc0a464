// Who may connect, and which users a caller may change.
import type { ConnectRules } from '#data/applications/connect-rules.ts'
import type { Tx } from '#data/database.ts'
import { holdUserRows } from '#data/users/users.ts'
import type { Caller } from '#domain/access/caller.ts'
import { ChatError, notFound } from '#errors.ts'

/** Requires a backend, which may change any user, or the user themselves. @throws ChatError AccessDeniedError */
export function mustBeSelf(caller: Caller, userId: number): void {
  if (caller.kind === 'application' || caller.userId === userId) return
  throw new ChatError('AccessDeniedError', 'Users may change only themselves')
}

/**
 * Requires users who are not deleted, and keeps them so until the transaction ends: what it writes about them would
 * otherwise outlive a deletion that has already removed such rows.
 * @throws ChatError 404
 */
export async function mustStayUsers(tx: Tx, ...ids: number[]): Promise<void> {
  const held = new Set(await holdUserRows(tx, ids))
  for (const id of ids) if (!held.has(id)) throw notFound('user', id)
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
