// The third door, for tests: `/_test`, where the settings want it (docs/testing.md). One file for each resource of the
// testing contract.
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { listWorlds } from '#domain/worlds/list-worlds.ts'
import { bodies } from '#plugins/bodies.ts'
import { clock } from '#test-api/clock.ts'
import { guard } from '#test-api/guard.ts'
import { snapshots } from '#test-api/snapshots.ts'
import { worlds } from '#test-api/worlds.ts'

/** Bytes of a JSON body: a seed may be large. */
const bodyMax = 67_108_864

export async function testApi(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  for (const { id, strictness } of await listWorlds(ctx)) ctx.testApi?.judge(id, strictness)
  await scope.register(guard, { config: ctx.config })
  await scope.register(bodies, { max: bodyMax })
  await scope.register(clock, { ctx })
  await scope.register(worlds, { ctx })
  await scope.register(snapshots, { ctx })
}
