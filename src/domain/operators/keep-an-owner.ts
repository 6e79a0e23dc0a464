import type { Tx } from '#data/database.ts'
import { countOwners } from '#data/operators/operators.ts'
import { ChatError } from '#errors.ts'
import type { Operator } from '#resources/admin/operator.ts'

/**
 * After an operator was changed, under the lock of all: somebody must own the installation, or nobody could change it again.
 * @throws ChatError ConflictError, which undoes the change
 */
export async function keepAnOwner(tx: Tx, before: Operator): Promise<void> {
  const wasOne = before.role === 'owner' && before.applications === undefined
  if (!wasOne || (await countOwners(tx)) > 0) return
  throw new ChatError('ConflictError', 'This is the last owner of the installation: make another one first')
}
