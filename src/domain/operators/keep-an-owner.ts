import type { Tx } from '#data/database.ts'
import { countOwners } from '#data/operators/operators.ts'
import { ChatError } from '#errors.ts'

/**
 * After operators were changed, under their lock: somebody must own the installation, or nobody could change it again.
 * @throws ChatError ConflictError, which undoes the change
 */
export async function keepAnOwner(tx: Tx): Promise<void> {
  if ((await countOwners(tx)) > 0) return
  throw new ChatError('ConflictError', 'This is the last owner of the installation: make another one first')
}
