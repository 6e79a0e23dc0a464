// What whoever watches the process asks: is it alive, can it serve, and which one is it?
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { checkReady } from '#domain/signals/check-ready.ts'
import { packageVersion } from '#place.ts'

export async function health(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const version = await packageVersion()

  /** 200 while the process answers at all; looks at nothing else. A process that fails it should be restarted. */
  scope.get('/health', async (_request, reply) => reply.send({ status: 'UP' }))

  /**
   * 200 when requests can be served. Else 503, and what is missing; a load balancer should send no requests until it is
   * back.
   */
  scope.get('/ready', async (_request, reply) => {
    await checkReady(ctx)
    return reply.send({ status: 'UP' })
  })

  /** The version of Chatterie, that of the Platform API which it serves, and that of Node. */
  scope.get('/version', async (_request, reply) => {
    const apiVersion = String(reply.getHeader('x-api-version'))
    return reply.send({ version, apiVersion, node: process.versions.node })
  })
}
