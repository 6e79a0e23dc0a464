// The routes of API coverage: what was used, and what was accepted with a warning (testing contract 5).
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { readId } from '#test-api/params.ts'
import type { TestApi } from '#test-api/state.ts'

interface Options {
  ctx: Context
  testApi: TestApi
  /** All operations of the Platform API. */
  operationIds: string[]
}

export async function coverage(scope: FastifyInstance, { ctx, testApi, operationIds }: Options) {
  scope.get('/coverage', async () => testApi.coverage.present(operationIds))

  scope.get('/worlds/:id/coverage', async (request) => {
    const { id } = await mustHaveWorld(ctx, readId('world', request))
    return testApi.coverage.present(operationIds, id)
  })
}
