// The third API, for tests: `/_test`, if the settings enable it (docs/testing.md). One file for each resource of the
// testing contract.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { listWorlds } from '#domain/worlds/list-worlds.ts'
import { bodies } from '#plugins/bodies.ts'
import { actors } from '#test-api/actors.ts'
import { clock } from '#test-api/clock.ts'
import { coverage } from '#test-api/coverage.ts'
import { faults } from '#test-api/faults.ts'
import { guard } from '#test-api/guard.ts'
import { journal } from '#test-api/journal.ts'
import { readBody } from '#test-api/reading.ts'
import { snapshots } from '#test-api/snapshots.ts'
import type { TestApi } from '#test-api/state.ts'
import { webhooks } from '#test-api/webhooks.ts'
import { worlds } from '#test-api/worlds.ts'

/** Maximum bytes of a JSON body: seeds may be large. */
const bodyMax = 67_108_864

interface Options {
  ctx: Context
  testApi: TestApi
  /** The operations of the Platform API. */
  operations: { id: string }[]
}

export async function testApi(scope: FastifyInstance, { ctx, testApi, operations }: Options) {
  const operationIds = operations.map(({ id }) => id)
  const requested = [...operationIds, 'issueToken']
  await scope.register(guard, { config: ctx.config })
  await scope.register(bodies, { max: bodyMax })
  scope.addHook('preValidation', refuseQuery)
  await scope.register(clock, { ctx })
  await scope.register(worlds, { ctx })
  await scope.register(snapshots, { ctx })
  await scope.register(faults, { ctx, testApi, operationIds: requested })
  await scope.register(webhooks, { ctx })
  await scope.register(journal, { ctx, testApi, operationIds: requested })
  await scope.register(coverage, { ctx, testApi, operationIds })
  await scope.register(actors, { ctx, testApi })
}

/** Refuses a query where none is read: `DELETE …/journal?kind=event` would otherwise delete everything. */
async function refuseQuery({ query, routeOptions }: FastifyRequest): Promise<void> {
  if (!routeOptions.config.readsQuery) readBody('query', z.strictObject({}), query)
}

/** Registers the worlds that exist already, with their strictness. */
export async function registerWorlds(ctx: Context, testApi: TestApi): Promise<void> {
  for (const { id, strictness } of await listWorlds(ctx)) testApi.setStrictness(id, strictness)
}
