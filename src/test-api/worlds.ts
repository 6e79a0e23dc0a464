// Worlds (testing contract 2).
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { createWorld } from '#domain/worlds/create-world.ts'
import { deleteWorld } from '#domain/worlds/delete-world.ts'
import { listWorlds } from '#domain/worlds/list-worlds.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { Strictness, type World, WorldName, WorldSettings } from '#resources/world.ts'
import { readId } from '#test-api/params.ts'
import { readBody } from '#test-api/reading.ts'

const NewWorld = z.strictObject({
  name: WorldName.optional(),
  settings: WorldSettings.optional(),
  strictness: Strictness.optional(),
})

export async function worlds(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  scope.post('/worlds', async ({ body, origin }, reply) => {
    const world = await createWorld(ctx, readBody('world', NewWorld, body))
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

  scope.delete('/worlds/:id', async (request, reply) => {
    await deleteWorld(ctx, readId('world', request))
    return reply.code(204).send()
  })
}

/** With where it is reached: `url` for REST, `{ host, secure }` as the official client's `$environment`. */
function presentWorld({ strictness: _, ...world }: World, url: string) {
  const { host, protocol } = new URL(url)
  return { ...world, applicationId: world.id, url, host, secure: protocol === 'https:' }
}
