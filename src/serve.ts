// Runs a server: both entry points and what works behind them. The caller provides the database and owns the process.
import type { FastifyInstance } from 'fastify'
import { buildApp } from '#app.ts'
import type { Context } from '#context.ts'
import { followClock } from '#domain/clock/follow-clock.ts'
import { measureBacklog } from '#domain/signals/measure-backlog.ts'
import { saveUsage } from '#domain/statistics/save-usage.ts'
import { Dispatcher } from '#jobs/dispatcher.ts'
import { FunctionRuns } from '#jobs/function-runs.ts'
import { WebhookDeliveries } from '#jobs/webhook-deliveries.ts'
import { watchProcess, watchServer } from '#metrics/watch.ts'
import { Realtime } from '#realtime/realtime.ts'
import type { Session } from '#realtime/sessions/session.ts'
import type { CommittedEvent } from '#resources/events.ts'
import type { Tally } from '#stomp/engine.ts'
import type { StompHandler } from '#stomp/handler.ts'
import type { StompLimits } from '#stomp/limits.ts'
import { attachStomp, type StompOptions, type StompServer } from '#stomp/server.ts'
import { readAddress, readOrigin } from '#wire/origin.ts'

export interface Serving {
  app: FastifyInstance
  /** Starts everything except listening. The context's node must have started and the database must be ready. */
  start(): Promise<void>
  /** Lets requests and connections end; clients reconnect to another process. */
  close(): Promise<void>
}

/** Paths of the socket; old clients use the second (runtime contract 1.1). */
const socketPaths = ['/rtm', '/stompx']

/** Interval at which the request counts of applications are saved. */
const saveUsageMs = 10_000

/** Builds the entry points, which do not need the database yet. */
export async function prepareServing(ctx: Context, limits: Partial<StompLimits> = {}): Promise<Serving> {
  const realtime = new Realtime(ctx)
  const runs = new FunctionRuns(ctx)
  const webhooks = new WebhookDeliveries(ctx)
  const entryPoint = await entryPointOf(ctx, realtime)
  const { handler, publish } = ctx.tracing
    ? (await import('#realtime/trace-realtime.ts')).traceRealtime(ctx.tracing, entryPoint)
    : entryPoint
  const dispatcher = new Dispatcher(ctx, {
    publish,
    publishMissed: () => realtime.broadcaster.repair(),
    isListened: () => realtime.isListened,
    runFunctions: () => runs.signal(),
    deliverToWebhooks: () => webhooks.signal(),
  })
  const app = await buildApp(ctx)
  app.server.once('listening', () => {
    ctx.origin = originOf(app) ?? ctx.origin
    runs.start() // functions call the API
  })
  const sockets = attachSockets(ctx, app, { handler, flusher: realtime.flusher }, limits)
  watchProcess(ctx.metrics, ctx.db.pool)
  const unwatch = watchServer(ctx.metrics, {
    sockets,
    counts: () => realtime.counts,
    isLeader: () => ctx.node.isLeader,
    isBusConnected: () => ctx.bus.isConnected(),
    backlog: () => measureBacklog(ctx),
  })
  await app.ready() // in the meantime the database starts
  let counting: NodeJS.Timeout | undefined
  return {
    app,
    async start() {
      await Promise.all([followClock(ctx), followWorlds(ctx), realtime.start()])
      ctx.clock.onMove(async () => {
        await realtime.endOrphans()
        for (const worker of [dispatcher, runs, webhooks]) await worker.look()
        await realtime.broadcaster.between(async () => {}) // until published events are delivered
      })
      followOthersClock(ctx)
      dispatcher.start()
      webhooks.start()
      counting = setInterval(() => ctx.later(saveUsage(ctx)), saveUsageMs).unref()
    },
    async close() {
      unwatch()
      clearInterval(counting)
      realtime.stop()
      await Promise.all([runs.stop(), webhooks.stop()])
      await sockets.close()
      await app.close()
      await saveUsage(ctx)
      await ctx.settled()
      await dispatcher.stop() // events published until then are delivered
      await realtime.close()
      await ctx.functions.close()
    },
  }
}

function attachSockets(
  ctx: Context,
  app: FastifyInstance,
  entryPoint: Pick<StompOptions<Session>, 'handler' | 'flusher'>,
  limits: Partial<StompLimits>,
): StompServer {
  const proxies = ctx.config.trustedProxies
  return attachStomp(app.server, {
    ...entryPoint,
    paths: socketPaths,
    locate: (request) => ({ origin: readOrigin(request, proxies), address: readAddress(request, proxies) }),
    log: ctx.log,
    clock: ctx.clock,
    tally: tallyOf(ctx),
    limits,
  })
}

/** Follows the clock when another process moves it. */
function followOthersClock(ctx: Context): void {
  ctx.bus.onSignal((signal) => {
    const isOfOthers = signal.kind === 'clock moved' && signal.node !== ctx.node.id
    if (isOfOthers && ctx.config.testApi) ctx.later(followClock(ctx))
  })
}

/** Counts frames and their durations. */
function tallyOf({ metrics: { framesReceived, framesSent, framesServed } }: Context): Tally {
  return {
    received: (command) => framesReceived.add(1, command),
    sent: (command) => framesSent.add(1, command),
    served: (command, ms) => framesServed.observe(ms / 1_000, command),
  }
}

/** Returns the real-time entry point, observed by the test API if it is on. */
async function entryPointOf(ctx: Context, realtime: Realtime): Promise<EntryPoint> {
  if (ctx.testApi) {
    const { observe } = await import('#test-api/parts.ts')
    return observe(ctx, ctx.testApi, realtime)
  }
  return { handler: realtime, publish: (events) => realtime.broadcaster.publish(events) }
}

async function followWorlds(ctx: Context): Promise<void> {
  if (!ctx.testApi) return
  const { registerWorlds } = await import('#test-api/parts.ts')
  await registerWorlds(ctx, ctx.testApi)
}

interface EntryPoint {
  handler: StompHandler<Session>
  publish(events: CommittedEvent[]): Promise<void>
}

/** Returns the origin for programs on this machine; undefined before the server listens. */
function originOf(app: FastifyInstance): string | undefined {
  const address = app.server.address()
  if (typeof address !== 'object' || address === null) return undefined
  const host = anywhere[address.address] ?? address.address
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** Addresses to listen on that cannot be connected to, with those to use instead. */
const anywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '127.0.0.1' }
