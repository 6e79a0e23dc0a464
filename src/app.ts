// The table of contents of the server.
import { randomUUID } from 'node:crypto'
import cors from '@fastify/cors'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Context } from '#context.ts'
import { auth } from '#plugins/auth.ts'
import { bodies } from '#plugins/bodies.ts'
import { errors, handleError } from '#plugins/errors.ts'
import { headers } from '#plugins/headers.ts'
import { applicationOperations } from '#routes/application.ts'
import { channelOperations } from '#routes/channels.ts'
import { messageOperations } from '#routes/messages.ts'
import { oauth } from '#routes/oauth.ts'
import { type Operation, serve } from '#routes/operation.ts'
import { service } from '#routes/service.ts'
import { userOperations } from '#routes/users.ts'

/** Every path form of the Platform API (contract section b). */
const prefixes = ['/v1', '', '/v1/applications/:applicationId', '/applications/:applicationId']

/** All operations of the Platform API. */
export function operationsOf(ctx: Context): Operation[] {
  return [
    ...applicationOperations(ctx),
    ...userOperations(ctx),
    ...channelOperations(ctx),
    ...messageOperations(ctx),
  ]
}

/** The server, not listening yet. */
export async function buildApp(ctx: Context): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: ctx.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: true,
    genReqId: () => randomUUID().replaceAll('-', '').toUpperCase(),
    routerOptions: { maxParamLength: 2048, ignoreTrailingSlash: true },
    frameworkErrors: handleError,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  })
  await app.register(headers)
  await app.register(errors)
  await app.register(cors, { allowedHeaders: ['Authorization', 'Content-Type', 'Accept'], maxAge: 3600 })

  await app.register(service, { ctx })
  await app.register(oauth, { ctx })
  const operations = operationsOf(ctx)
  for (const prefix of prefixes) {
    await app.register(
      async function application(scope) {
        await scope.register(bodies)
        await scope.register(auth, { ctx })
        serve(scope, operations, ctx.config.publicUrl)
      },
      { prefix },
    )
  }
  for (const prefix of ['/v1', '']) {
    await app.register(
      async function applicationRoot(scope) {
        await scope.register(auth, { ctx })
        serve(scope, [rootAlias(operations)], ctx.config.publicUrl)
      },
      { prefix },
    )
  }
  return app
}

/** `/applications/{id}` is another name of `/application`. */
function rootAlias(operations: Operation[]): Operation {
  const [application] = operations.filter(({ id }) => id === 'retrieveApplication')
  if (!application) throw new Error('There is no operation retrieveApplication')
  return { ...application, path: '/applications/:applicationId' }
}
