import type { Context } from '#context.ts'
import { resealSecrets, type StoredSecret } from '#data/users/user-secrets.ts'
import { openSecret } from '#domain/users/secrets/open-secret.ts'
import { sealSecret } from '#domain/users/secrets/seal-secret.ts'

/** How many secrets are resealed at a time. */
export const batchSize = 200

/** Reseals secrets with the ring's first key, except those that no key of the ring opens. */
export async function resealBatch(
  ctx: Context,
  found: StoredSecret[],
): Promise<{ resealed: number; unreadable: StoredSecret[] }> {
  const unreadable: StoredSecret[] = []
  const anew: { old: StoredSecret; sealed: Uint8Array<ArrayBuffer> }[] = []
  for (const old of found) {
    const json = await openSecret(ctx, old).catch(() => null)
    if (json === null) unreadable.push(old)
    else anew.push({ old, sealed: await sealSecret(ctx, old, json) })
  }
  await resealSecrets(ctx.db, anew)
  return { resealed: anew.length, unreadable }
}
