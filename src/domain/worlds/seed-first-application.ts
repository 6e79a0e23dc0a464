import type { Context } from '#context.ts'
import { findCredential } from '#data/applications/applications.ts'
import { mustCompile } from '#domain/functions/must-compile.ts'
import { seedWorld } from '#domain/worlds/seed-world.ts'
import { mustExist } from '#errors.ts'
import type { Seed } from '#resources/worlds/seed.ts'

/**
 * Fills the new application of this client like a world.
 * @throws ChatError 400 that names the item, if a seed cannot be stored
 */
export async function seedFirstApplication(
  ctx: Context,
  { clientId, apiKey }: { clientId: string; apiKey: string },
  seed: Seed,
): Promise<void> {
  const credential = mustExist(await findCredential(ctx.db, clientId), 'client', clientId)
  for (const [at, { script }] of seed.functions.entries()) {
    await mustCompile(ctx, script, { resource: 'world', field: `seed.functions[${at}].script` })
  }
  await ctx.db.transact((tx) => seedWorld(ctx, tx, { id: credential.applicationId, apiKey }, seed))
}
