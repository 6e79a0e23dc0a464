import type { Context } from '#context.ts'
import {
  findEnvironmentNotSealedWith,
  forgetKeysBut,
  lockKeys,
  resealEnvironment,
} from '#data/applications/encryption-keys.ts'
import { deleteSecret, findSecretsNotSealedWith } from '#data/users/user-secrets.ts'
import { findWebhookNotSealedWith, resealWebhook } from '#data/webhooks/webhooks.ts'
import { openSealedEnvironment } from '#domain/functions/runtime/open-sealed-environment.ts'
import { sealEnvironment } from '#domain/functions/runtime/seal-environment.ts'
import { checkKeys } from '#domain/keys/check-keys.ts'
import { noteKey } from '#domain/keys/note-key.ts'
import { batchSize, resealBatch } from '#domain/keys/reseal-batch.ts'
import { resealWebhookSecrets } from '#domain/webhooks/reseal-webhook-secrets.ts'
import { sealOf } from '#secrets/vault.ts'

export interface Resealed {
  /** The id of the key that everything is sealed with now. */
  key: string
  resealed: number
  /** The number of secrets that no key of the ring opens, or that were dropped because of that, if requested. */
  unreadable: number
  /** The ids of the keys that are no longer needed. */
  forgotten: string[]
}

/**
 * Reseals all secrets with the ring's first key, while servers run whose rings have that key. The other keys are
 * deleted unless unreadable secrets are left.
 * @param dropUnreadable drops secrets that no key of the ring opens: such user secrets are deleted, the variables of
 * such runtimes must be set again, and such webhooks are disabled until they have another secret; among those, the ones
 * that decide who may connect then refuse everybody
 * @throws Error for the operator, if a key that the database knows is not in the ring, unless dropping is requested
 */
export async function resealAll(ctx: Context, dropUnreadable: boolean): Promise<Resealed> {
  if (!dropUnreadable) await checkKeys(ctx)
  const [key] = await ctx.vault.keyIds()
  const seal = sealOf(key)
  const counts = { resealed: 0, unreadable: 0 }

  for (let after = { userId: 0, name: '' }; ; ) {
    const found = await findSecretsNotSealedWith(ctx.db, seal, after, batchSize)
    const last = found.at(-1)
    if (!last) break
    const { resealed, unreadable } = await resealBatch(ctx, found)
    if (dropUnreadable) for (const { userId, name } of unreadable) await deleteSecret(ctx.db, userId, name)
    counts.resealed += resealed
    counts.unreadable += unreadable.length
    after = last
  }

  for (let after = 0; ; ) {
    const found = await findEnvironmentNotSealedWith(ctx.db, seal, after)
    if (!found) break
    const opened = await openSealedEnvironment(ctx, found).catch(() => null)
    if (opened)
      await resealEnvironment(ctx.db, found, await sealEnvironment(ctx, found.applicationId, opened))
    else if (dropUnreadable) await resealEnvironment(ctx.db, found, null)
    counts[opened ? 'resealed' : 'unreadable']++
    after = found.applicationId
  }

  for (let after = 0; ; ) {
    const found = await findWebhookNotSealedWith(ctx.db, seal, after)
    if (!found) break
    const sealed = await resealWebhookSecrets(ctx, found).catch(() => null)
    if (sealed || dropUnreadable) await resealWebhook(ctx.db, found, sealed)
    counts[sealed ? 'resealed' : 'unreadable']++
    after = found.id
  }

  if (counts.unreadable > 0 && !dropUnreadable) return { key, ...counts, forgotten: [] }
  const forgotten = await ctx.db.transact(async (tx) => {
    await lockKeys(tx)
    await noteKey(ctx, tx)
    return forgetKeysBut(tx, key)
  })
  return { key, ...counts, forgotten }
}
