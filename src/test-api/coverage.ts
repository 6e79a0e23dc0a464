// What was used of the API, and what was only just taken (testing contract 5).
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { readId } from '#test-api/params.ts'
import type { TestApi } from '#test-api/state.ts'

interface Options {
  ctx: Context
  testApi: TestApi
  /** Of the Platform API, all that there are. */
  operationIds: string[]
}

export async function coverage(scope: FastifyInstance, { ctx, testApi, operationIds }: Options) {
  scope.get('/coverage', async () => testApi.coverage.present(operationIds))

  scope.get('/worlds/:id/coverage', async (request) => {
    const { id } = await mustHaveWorld(ctx, readId('world', request))
    return testApi.coverage.present(operationIds, id)
  })
}
