// The routes of a world's webhooks, which need no operator (docs/testing.md).
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { type ApplicationCaller, backendOf } from '#domain/access/caller.ts'
import { createWebhook } from '#domain/webhooks/create-webhook.ts'
import { deleteWebhook } from '#domain/webhooks/delete-webhook.ts'
import { listWebhooks } from '#domain/webhooks/list-webhooks.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { CreateWebhook } from '#resources/webhook.ts'
import { readId } from '#test-api/params.ts'
import { readBody } from '#test-api/reading.ts'

const NewWebhook = z.strictObject({
  ...CreateWebhook.shape,
  events: CreateWebhook.shape.events.default(['*']),
})

/** No world has more of them than one page of the admin API shows. */
const listMax = 1_000

export async function webhooks(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const callerOf = async (request: Parameters<typeof readId>[1]): Promise<ApplicationCaller> => {
    const { id: applicationId } = await mustHaveWorld(ctx, readId('world', request))
    return backendOf(applicationId)
  }

  scope.post('/worlds/:id/webhooks', async (request, reply) => {
    const caller = await callerOf(request)
    const webhook = await createWebhook(ctx, caller, readBody('webhook', NewWebhook, request.body))
    return reply.code(201).send(webhook)
  })

  scope.get('/worlds/:id/webhooks', async (request) => {
    const { items } = await listWebhooks(ctx, await callerOf(request), { limit: listMax })
    return { webhooks: items.toReversed() }
  })

  scope.delete('/worlds/:id/webhooks/:wid', async (request, reply) => {
    await deleteWebhook(ctx, await callerOf(request), readId('webhook', request, 'wid'))
    return reply.code(204).send()
  })
}
