import type { Context } from '#context.ts'
import { insertKey } from '#data/applications/encryption-keys.ts'
import type { Tx } from '#data/database.ts'

/** The purpose that the proof of a key is sealed for. */
export const about = 'this key'

/** Records the ring's first key as the one that seals. */
export async function noteKey({ vault }: Context, tx: Tx): Promise<void> {
  const [id] = await vault.keyIds()
  await insertKey(tx, { id, proof: await vault.seal(id, about) })
}
