// The routes of worlds (testing contract 2).
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { createWorld } from '#domain/worlds/create-world.ts'
import { deleteWorld } from '#domain/worlds/delete-world.ts'
import { listWorlds } from '#domain/worlds/list-worlds.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { resetServer } from '#domain/worlds/reset-server.ts'
import { resetWorld } from '#domain/worlds/reset-world.ts'
import { restoreWorld } from '#domain/worlds/restore-world.ts'
import { Id } from '#resources/define.ts'
import { Strictness, type World, WorldName, WorldSettings } from '#resources/worlds/world.ts'
import { readId } from '#test-api/params.ts'
import { readBody } from '#test-api/reading.ts'
import { readSeed, SeedBody } from '#test-api/seeds.ts'

const NewWorld = z.strictObject({
  name: WorldName.optional(),
  seed: SeedBody.optional(),
  snapshot: Id.optional(),
  settings: WorldSettings.optional(),
  strictness: Strictness.optional(),
})

const Restore = z.strictObject({ snapshot: Id })
const EmptyBody = z.strictObject({})

export async function worlds(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  scope.post('/worlds', async ({ body, origin }, reply) => {
    const { seed, ...settings } = readBody('world', NewWorld, body)
    const world = await createWorld(ctx, { ...settings, ...(seed && { seed: readSeed(seed) }) })
    return reply.code(201).send(presentWorld(world, ctx.baseUrl(origin)))
  })

  scope.get('/worlds', async ({ origin }) => {
    const worlds = await listWorlds(ctx)
    return { worlds: worlds.map((world) => presentWorld(world, ctx.baseUrl(origin))) }
  })

  scope.get('/worlds/:id', async (request) => {
    const world = await mustHaveWorld(ctx, readId('world', request))
    return presentWorld(world, ctx.baseUrl(request.origin))
  })

  scope.post('/worlds/:id/reset', async (request) => {
    readBody('world', EmptyBody, request.body)
    const world = await resetWorld(ctx, readId('world', request))
    return presentWorld(world, ctx.baseUrl(request.origin))
  })

  scope.post('/reset', async (request, reply) => {
    readBody('world', EmptyBody, request.body)
    await resetServer(ctx)
    return reply.code(204).send()
  })

  scope.post('/worlds/:id/restore', async (request) => {
    const { snapshot } = readBody('world', Restore, request.body)
    const world = await restoreWorld(ctx, readId('world', request), snapshot)
    return presentWorld(world, ctx.baseUrl(request.origin))
  })

  scope.delete('/worlds/:id', async (request, reply) => {
    await deleteWorld(ctx, readId('world', request))
    return reply.code(204).send()
  })
}

/** Presents a world with its addresses: `url` for REST, `{ host, secure }` as the official client's `$environment`. */
function presentWorld({ strictness: _, ...world }: World, url: string) {
  const { host, protocol } = new URL(url)
  return { ...world, applicationId: world.id, url, host, secure: protocol === 'https:' }
}
