// Endpoints for monitoring: whether the process is alive, whether it can serve, and its version.
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { checkReady } from '#domain/signals/check-ready.ts'
import { ChatError } from '#errors.ts'
import { packageVersion } from '#place.ts'

export async function health(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const version = await packageVersion()
  let reported: string | undefined

  /** 200 while the process answers at all; checks nothing else. A process that fails this check should be restarted. */
  scope.get('/health', async (_request, reply) => reply.send({ status: 'UP' }))

  /**
   * 200 if requests can be served, otherwise 503 with what is missing. A load balancer should send no requests until
   * the check succeeds again.
   */
  scope.get('/ready', async (_request, reply) => {
    const unready = await checkReady(ctx)
    // Load balancers ask every few seconds, so only changes are logged.
    if (unready && unready.reason !== reported) ctx.log.warn(unready, 'not ready for requests')
    if (!unready && reported !== undefined) ctx.log.info('ready for requests again')
    reported = unready?.reason
    if (unready) throw new ChatError('ServiceUnavailableError', unready.reason)
    return reply.send({ status: 'UP' })
  })

  /** The versions of Chatterie, of the Platform API that it serves, and of Node. */
  scope.get('/version', async (_request, reply) => {
    const apiVersion = String(reply.getHeader('x-api-version'))
    return reply.send({ version, apiVersion, node: process.versions.node })
  })
}
