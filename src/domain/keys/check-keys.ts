import type { Context } from '#context.ts'
import { findEnvironmentNotSealedWith, listKeys, lockKeys } from '#data/applications/encryption-keys.ts'
import type { Tx } from '#data/database.ts'
import { openSealedEnvironment } from '#domain/functions/runtime/open-sealed-environment.ts'
import { about, noteKey } from '#domain/keys/note-key.ts'
import { encryptionKeyPath, keptKeyId } from '#secrets/vault.ts'

/**
 * Ensures that the ring has all keys that secrets in the database are sealed with, and records the one that seals from
 * now on. Detects a wrong key at startup, instead of when a secret is read.
 * @param tx a new transaction if absent
 * @throws Error for the operator that names the missing keys
 */
export async function checkKeys(ctx: Context, tx?: Tx): Promise<void> {
  if (!tx) return ctx.db.transact((own) => checkKeys(ctx, own))
  await lockKeys(tx)
  const known = await listKeys(tx)
  const missing: string[] = []
  for (const { id, proof } of known) {
    if (!(await isProven(ctx, id, proof))) missing.push(id)
  }
  if (missing.length > 0) throw await missingKeys(ctx, missing)
  if (known.length === 0) await mustOpenOldEnvironments(ctx, tx)
  await noteKey(ctx, tx)
}

function isProven({ vault }: Context, id: string, proof: Uint8Array): Promise<boolean> {
  return vault.open(proof, about).then(
    (opened) => opened === id,
    () => false,
  )
}

/** Tries to open an environment, because earlier versions recorded no keys. */
async function mustOpenOldEnvironments(ctx: Context, tx: Tx): Promise<void> {
  const first = await findEnvironmentNotSealedWith(tx, new Uint8Array([0]), 0)
  if (!first) return
  await openSealedEnvironment(ctx, first).catch(async () => {
    throw await missingKeys(ctx, [])
  })
}

async function missingKeys({ config: { home, encryptionKeys } }: Context, ids: string[]): Promise<Error> {
  const named = ids.length > 0 ? ` (id ${ids.join(', ')})` : ''
  const path = encryptionKeyPath(home)
  if (!encryptionKeys) {
    return new Error(
      `the key in ${path} is not the one that secrets of this database are sealed with${named}: restore that file, or set CHATTERIE_ENCRYPTION_KEY as for the other processes of this database`,
    )
  }
  const kept = await keptKeyId(home)
  const hint = kept && ids.includes(kept) ? `, which is in ${path}` : ''
  return new Error(
    `CHATTERIE_ENCRYPTION_KEY is wrong: secrets of this database are sealed with another key${named}${hint}. Give that one too, behind a comma, and \`chatterie encryption-keys reseal\` if it is to be replaced`,
  )
}
