import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { insertApplication, writeSettings } from '#data/applications/applications.ts'
import { insertWorld } from '#data/worlds/worlds.ts'
import { defaultScopes } from '#domain/access/caller.ts'
import { generateSecret, hashSecret, leastCost } from '#domain/applications/secrets.ts'
import { mustCompile } from '#domain/functions/must-compile.ts'
import { copySnapshot } from '#domain/worlds/copy-snapshot.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { readWorld } from '#domain/worlds/read-world.ts'
import { seedWorld } from '#domain/worlds/seed-world.ts'
import { freshApplication, writeSnapshotFile } from '#domain/worlds/snapshot-file.ts'
import type { Seed } from '#resources/worlds/seed.ts'
import type { Strictness, World, WorldSettings } from '#resources/worlds/world.ts'

export interface NewWorld {
  name?: string | undefined
  /** Added to the snapshot, if there is one. */
  seed?: Seed | undefined
  /** The id of a snapshot to copy into the world. */
  snapshot?: number | undefined
  settings?: WorldSettings | undefined
  strictness?: Strictness | undefined
}

/**
 * Creates a world: an application with a client, a valid token, the contents of the snapshot under new ids, and the
 * seed. If anything fails, no world is created.
 * @throws ChatError 404 if the snapshot does not exist, 400 that names the item if a seed cannot be stored
 */
export async function createWorld(ctx: Context, input: NewWorld): Promise<World> {
  const { name = 'World', seed, snapshot, settings, strictness = 'lenient' } = input
  const clientId = uuid()
  const clientSecret = generateSecret()
  const accessToken = uuid()
  const apiKey = uuid()
  const secretHash = await hashSecret(clientSecret, leastCost)
  for (const [at, { script }] of (seed?.functions ?? []).entries()) {
    await mustCompile(ctx, script, { resource: 'world', field: `seed.functions[${at}].script` })
  }
  const id = await ctx.db.transact(async (tx) => {
    const id = await insertApplication(tx, { name, key: apiKey, clientId, secretHash })
    if (snapshot !== undefined) await copySnapshot(ctx, tx, snapshot, { id, apiKey })
    if (settings) await writeSettings(tx, id, settings)
    if (seed) await seedWorld(ctx, tx, { id, apiKey }, seed)
    const isEmpty = !seed && snapshot === undefined
    const initial = isEmpty
      ? writeSnapshotFile(name, { ...freshApplication, ...toggles(settings) }, [], new Map())
      : await readWorld(ctx, tx, id, name)
    const scope = defaultScopes.join(' ')
    await insertWorld(tx, { id, clientId, clientSecret, accessToken, strictness, scope, initial })
    return id
  })
  ctx.testApi?.setStrictness(id, strictness)
  return mustHaveWorld(ctx, id)
}

function toggles({ guestUsers, userCreatedChannels }: WorldSettings = {}) {
  return {
    ...(guestUsers && { guest_users: guestUsers }),
    ...(userCreatedChannels && { user_created_channels: userCreatedChannels }),
  }
}
