import type { Tx } from '#data/database.ts'
import { insertAuditEntry } from '#data/operators/audit.ts'
import type { Caller } from '#domain/access/caller.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import type { AuditAction, AuditEntry } from '#resources/admin/audit.ts'

/** An action to record in the audit. */
export interface Act {
  action: AuditAction
  /** The application concerned; that of the caller if absent. */
  applicationId?: number
  target?: { type: string; id: number | string }
  /** Further details; never a secret, and never content that users wrote. */
  details?: Record<string, unknown>
}

/** Records an action in the audit, in the transaction that performs it, so that neither exists without the other. */
export async function noteAct(tx: Tx, caller: OperatorCaller | Caller, act: Act): Promise<void> {
  const own = caller.kind === 'operator' ? undefined : caller.applicationId
  await insertAuditEntry(tx, {
    ...act,
    ...actorOf(caller),
    applicationId: act.applicationId ?? own,
  })
}

function actorOf(caller: OperatorCaller | Caller): {
  actor: AuditEntry['actor']
  address?: string | undefined
} {
  if (caller.kind === 'operator') {
    const { as: type, id, name, address } = caller
    return { actor: { type, name, ...(id !== undefined && { id }) }, address }
  }
  if (caller.kind === 'user') {
    return { actor: { type: 'user', id: caller.userId, name: `user ${caller.userId}` } }
  }
  if (caller.operator) return actorOf(caller.operator)
  const { applicationId: id, clientId, address } = caller
  return { actor: { type: 'application', id, name: clientId ?? `application ${id}` }, address }
}
