import type { Context } from '#context.ts'
import { insertKey } from '#data/applications/encryption-keys.ts'
import type { Tx } from '#data/database.ts'

/** What the proof of a key is sealed for. */
export const about = 'this key'

/** Notes that the ring's first key seals. */
export async function noteKey({ vault }: Context, tx: Tx): Promise<void> {
  const [id] = await vault.keyIds()
  await insertKey(tx, { id, proof: await vault.seal(id, about) })
}
