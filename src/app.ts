// Assembles the server from its plugins and routes.

import { setImmediate as otherWork } from 'node:timers/promises'
import cors from '@fastify/cors'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Context } from '#context.ts'
import { signInBudget } from '#domain/operators/sign-in-budget.ts'
import { auth } from '#plugins/auth.ts'
import { bodies } from '#plugins/bodies.ts'
import { codings } from '#plugins/codings.ts'
import { draining } from '#plugins/draining.ts'
import { errors, handleEarlyError, refuseConnection } from '#plugins/errors.ts'
import { grants } from '#plugins/grants.ts'
import { guesses } from '#plugins/guesses.ts'
import { headers, requestIdOf } from '#plugins/headers.ts'
import { lingering } from '#plugins/lingering.ts'
import { methods } from '#plugins/methods.ts'
import { operators } from '#plugins/operators.ts'
import { origin } from '#plugins/origin.ts'
import { rateLimit } from '#plugins/rate-limit.ts'
import { requests } from '#plugins/requests.ts'
import { stalling } from '#plugins/stalling.ts'
import { uploads } from '#plugins/uploads.ts'
import { describeRealTime } from '#realtime/describe.ts'
import { adminPrefix } from '#resources/admin/address.ts'
import { LiveFeed } from '#routes/admin/live-feed.ts'
import { describeAdminApi } from '#routes/admin/openapi.ts'
import { type AdminOperation, serveAdmin } from '#routes/admin/operation.ts'
import { adminOperationsOf } from '#routes/admin/operations.ts'
import { deleteApplicationOperation } from '#routes/application.ts'
import { chat } from '#routes/chat.ts'
import { consolePage } from '#routes/console.ts'
import { docs } from '#routes/docs.ts'
import { files } from '#routes/files.ts'
import { health } from '#routes/health.ts'
import { metrics } from '#routes/metrics.ts'
import { oauth } from '#routes/oauth.ts'
import { type Operation, serve } from '#routes/operation.ts'
import { operationsOf } from '#routes/operations.ts'
import { pageFiles } from '#routes/pages.ts'
import { pictures } from '#routes/pictures.ts'
import { root } from '#routes/root.ts'
import { streams } from '#routes/streams.ts'
import { isAmong, originForm } from '#wire/origin.ts'

/** Paths may omit the version. */
const versions = ['/v1', '']

/** Every path form of the Platform API (contract section b). */
const prefixes = versions.flatMap((version) => [version, `${version}/applications/:applicationId`])

/**
 * Time limits for clients. Headers are short, but a body may be a large file on a slow line, so a request is only cut
 * off when no data arrives for `stillMs` (see the plugin stalling). Idle connections outlive those of common proxies
 * (60 s), so that the proxy is the side that closes.
 */
const timeouts = {
  headersMs: 15_000,
  stillMs: 120_000,
  requestMs: 1_800_000,
  idleMs: 72_000,
  checkedMs: 1_000,
}
const headerBytesMax = 16_384

/** Builds the server, which does not listen yet. */
export async function buildApp(ctx: Context): Promise<FastifyInstance> {
  const app = openServer(ctx)
  await addPlugins(app, ctx)
  const operations = operationsOf(ctx)
  if (ctx.config.applicationDeletion) operations.push(deleteApplicationOperation(ctx))
  if (ctx.testApi) {
    const { observing } = await import('#test-api/parts.ts')
    await app.register(observing, { ctx, testApi: ctx.testApi, operations })
  }
  await otherWork() // lets the database work of the start run, as the calls below do
  const live = new LiveFeed(ctx)
  app.addHook('preClose', async () => live.close())
  const adminOperations = adminOperationsOf(ctx, { limitSignIns: app.limitSignIns, live })
  await addOpenRoutes(app, ctx)
  await otherWork()
  await app.register(docs, {
    ctx,
    operations,
    describeAdmin: () => describeAdminApi(adminOperations, adminPrefix),
    describeRealTime,
  })
  await addPlatformApi(app, ctx, operations)
  await otherWork()
  await addAdminApi(app, ctx, adminOperations)
  if (ctx.testApi) {
    await otherWork()
    const { testApi } = await import('#test-api/parts.ts')
    await app.register(testApi, { ctx, testApi: ctx.testApi, operations, prefix: '/_test' })
  }
  return app
}

function openServer(ctx: Context): FastifyInstance {
  return fastify({
    loggerInstance: ctx.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'id' }),
    trustProxy: (address) => isAmong(ctx.config.trustedProxies, address),
    rewriteUrl: originForm,
    genReqId: requestIdOf,
    routerOptions: { maxParamLength: 2048, ignoreTrailingSlash: true },
    frameworkErrors: handleEarlyError,
    clientErrorHandler: refuseConnection,
    connectionTimeout: timeouts.stillMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.idleMs,
    http: {
      requireHostHeader: false, // the plugin origin reports what is missing
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: timeouts.checkedMs,
      maxHeaderSize: headerBytesMax,
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  })
}

/** Registers the plugins that every request passes through. */
async function addPlugins(app: FastifyInstance, ctx: Context): Promise<void> {
  await app.register(requests, { ctx })
  if (ctx.tracing) await app.register((await import('#plugins/tracing.ts')).tracing, { tracing: ctx.tracing })
  await app.register(draining)
  await app.register(lingering)
  await app.register(stalling)
  await app.register(headers)
  await app.register(errors, { clock: ctx.clock })
  await app.register(codings)
  await app.register(origin, { proxies: ctx.config.trustedProxies })
  await app.register(methods)
  await app.register(cors, {
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Accept',
      'Grant',
      'Range',
      'X-Request-Id',
      'traceparent',
    ],
    maxAge: 3600,
    strictPreflight: false, // an OPTIONS without Origin is not an error here
  })
  await otherWork()
  await app.register(guesses, { signIns: signInBudget(ctx) })
  await app.register(rateLimit, { perSecond: ctx.config.rateLimitPerSecond })
}

/** Registers the routes that need no token, or that check one themselves. */
async function addOpenRoutes(app: FastifyInstance, ctx: Context): Promise<void> {
  await app.register(health, { ctx })
  await app.register(metrics, { ctx })
  await app.register(oauth, { ctx })
  for (const prefix of versions) {
    await otherWork()
    await app.register(root, { ctx, prefix })
    await app.register(pictures, { prefix })
    await app.register(files, { ctx, prefix })
  }
  await otherWork()
  await app.register(pageFiles, { ctx })
  await otherWork()
  await app.register(chat, { ctx })
  await app.register(consolePage, { ctx })
}

/** Registers the Platform API under each form of its paths, and the routes for uploads. */
async function addPlatformApi(app: FastifyInstance, ctx: Context, operations: Operation[]): Promise<void> {
  for (const prefix of prefixes) {
    await otherWork()
    await app.register(
      async function application(scope) {
        await scope.register(bodies)
        await scope.register(uploads)
        await scope.register(auth, { ctx })
        scope.addHook('onRequest', app.limitApplication)
        scope.addHook('onResponse', (request, reply, done) => {
          if (request.caller)
            ctx.usage.note(request.caller.applicationId, reply.elapsedTime, reply.statusCode)
          done()
        })
        serve(scope, operations, ctx)
      },
      { prefix },
    )
  }
  await app.register(
    async function uploadsOfUsers(scope) {
      await scope.register(bodies)
      await scope.register(uploads)
      await scope.register(grants, { ctx })
      scope.addHook('onRequest', app.limitUploads)
      await scope.register(streams, { ctx })
    },
    { prefix: '/v1/runtime' },
  )
  for (const prefix of versions) {
    await app.register(
      async function applicationRoot(scope) {
        await scope.register(auth, { ctx })
        scope.addHook('onRequest', app.limitApplication)
        serve(scope, [rootAlias(operations)], ctx)
      },
      { prefix },
    )
  }
}

async function addAdminApi(app: FastifyInstance, ctx: Context, operations: AdminOperation[]): Promise<void> {
  await app.register(
    async function admin(scope) {
      await scope.register(bodies)
      await scope.register(uploads)
      await scope.register(operators, { ctx })
      await otherWork()
      serveAdmin(scope, operations, ctx)
    },
    { prefix: adminPrefix },
  )
  if (ctx.config.oidc) {
    const { singleSignOn } = await import('#routes/admin/single-sign-on.ts')
    await app.register(async function signIn(scope) {
      await scope.register(operators, { ctx })
      await scope.register(singleSignOn, { ctx })
    })
  }
}

/** Makes `/applications/{id}` an alias of `/application`. */
function rootAlias(operations: Operation[]): Operation {
  const [application] = operations.filter(({ id }) => id === 'retrieveApplication')
  if (!application) throw new Error('There is no operation retrieveApplication')
  return { ...application, path: '/applications/:applicationId' }
}
