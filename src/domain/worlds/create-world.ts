import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { insertApplication, writeSettings } from '#data/applications/applications.ts'
import { insertWorld } from '#data/worlds/worlds.ts'
import { defaultScopes } from '#domain/access/caller.ts'
import { generateSecret, hashSecret, leastCost } from '#domain/applications/secrets.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import type { Strictness, World, WorldSettings } from '#resources/world.ts'

export interface NewWorld {
  name?: string | undefined
  settings?: WorldSettings | undefined
  strictness?: Strictness | undefined
}

/** Makes a world: an application with a client and a token that works at once. */
export async function createWorld(
  ctx: Context,
  { name = 'World', settings, strictness = 'lenient' }: NewWorld,
): Promise<World> {
  const clientId = uuid()
  const clientSecret = generateSecret()
  const accessToken = uuid()
  const secretHash = await hashSecret(clientSecret, leastCost)
  const id = await ctx.db.transact(async (tx) => {
    const id = await insertApplication(tx, { name, key: uuid(), clientId, secretHash })
    await insertWorld(tx, { id, clientId, clientSecret, accessToken, strictness }, defaultScopes.join(' '))
    if (settings) await writeSettings(tx, id, settings)
    return id
  })
  ctx.testApi?.judge(id, strictness)
  return mustHaveWorld(ctx, id)
}
