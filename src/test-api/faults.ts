// The routes of faults (testing contract 4).
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { ChatError, notFound, refused } from '#errors.ts'
import { type NewFault, readFault } from '#test-api/faults/fault.ts'
import { mustKnowOperation, readId } from '#test-api/params.ts'
import type { TestApi } from '#test-api/state.ts'

interface Options {
  ctx: Context
  testApi: TestApi
  /** The operations that a fault may name. */
  operationIds: string[]
}

export async function faults(scope: FastifyInstance, { ctx, testApi, operationIds }: Options) {
  scope.post('/worlds/:id/faults', async (request, reply) => {
    const { id } = await mustHaveWorld(ctx, readId('world', request))
    const fault = readFault(request.body)
    if (fault.kind === 'request') mustKnowOperation('fault', 'on.operation', fault.on.operation, operationIds)
    await mustKnowWebhook(ctx, id, fault)
    return reply.code(201).send(testApi.faults.add(id, fault))
  })

  scope.get('/worlds/:id/faults', async (request) => {
    const { id } = await mustHaveWorld(ctx, readId('world', request))
    return { faults: testApi.faults.list(id) }
  })

  scope.delete('/worlds/:id/faults', async (request, reply) => {
    const { id } = await mustHaveWorld(ctx, readId('world', request))
    testApi.faults.removeAll(id)
    return reply.code(204).send()
  })

  scope.delete('/worlds/:id/faults/:fid', async (request, reply) => {
    const { id } = await mustHaveWorld(ctx, readId('world', request))
    const faultId = readId('fault', request, 'fid')
    if (!testApi.faults.remove(id, faultId)) throw notFound('fault', faultId)
    return reply.code(204).send()
  })
}

async function mustKnowWebhook(ctx: Context, worldId: number, fault: NewFault): Promise<void> {
  if (fault.kind !== 'webhook') return
  const { webhook } = fault.on
  try {
    await mustFindWebhook(ctx.db, worldId, webhook)
  } catch (error) {
    if (!(error instanceof ChatError)) throw error
    throw refused('fault', 'on.webhook', 'invalid', `on.webhook: the world has no webhook ${webhook}`)
  }
}
