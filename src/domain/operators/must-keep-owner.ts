import type { Tx } from '#data/database.ts'
import { countOwners } from '#data/operators/operators.ts'
import { ChatError } from '#errors.ts'
import type { Operator } from '#resources/admin/operator.ts'

/**
 * Requires that a change of operators, made under their lock, leaves an owner: otherwise nobody could undo it.
 * @throws ChatError ConflictError, which rolls the change back
 */
export async function mustKeepOwner(tx: Tx, before: Operator): Promise<void> {
  const wasOne = before.role === 'owner' && before.applications === undefined
  if (!wasOne || (await countOwners(tx)) > 0) return
  throw new ChatError('ConflictError', 'This is the last owner of the installation: make another one first')
}
