// The process: settings, database, context, app; then it listens until it is told to stop.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { pino } from 'pino'
import { keepCompiledCode, openCache } from '#cache.ts'
import { type Config, misspeltSettings, readConfig } from '#config.ts'
import type { Context } from '#context.ts'
import type { FirstApplication } from '#domain/applications/ensure-first-application.ts'
import { mustNotBeNewer, prepareHome } from '#home.ts'
import { openLog } from '#log.ts'
import { explained, mustBeFree } from '#port.ts'
import type { EmbeddedPostgres } from '#postgres/embedded-postgres.ts'

/** Undoes what has been started, last things first. */
const started: { undo(): Promise<unknown>; isDatabase?: boolean }[] = []

/** Begins with the first signal; a start that is under way ends at its next step. */
const stopping = new AbortController()
/** Resolves when what goes on is no longer waited for, but for the database. */
const hurried = Promise.withResolvers<void>()
/** Of the one stop, however often it is asked for. */
let stopped: Promise<void> | undefined

/** How long a stop may take before it is hurried, and how long then. */
const stopMs = 30_000
/** Ctrl-C in a terminal reaches us and npm, which passes it on: what follows so soon is the same one. */
const sameSignalMs = 1_000

export interface RunOptions {
  /** The home is removed at the end, however it comes, and nothing that is written needs to outlive it. */
  ephemeral?: boolean
  /** A file with what the first application begins with; it must be new. */
  seed?: string | undefined
  /** Ends as upon a signal when its input ends: its parent is gone then, however that ended. */
  untilInputEnds?: boolean
}

let starting: Promise<void>

/** Runs the server in this process, by its environment, until it is told to stop; then the process ends. */
export async function runServer(options: RunOptions = {}): Promise<void> {
  // Whoever read along may go ("| head"): the server goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  keepCompiledCode(process.env)
  starting = start(options)
  try {
    await starting
  } catch (error) {
    // A start that is stopped need not explain itself.
    if (!stopping.signal.aborted) {
      process.stderr.write(`Chatterie cannot start: ${error instanceof Error ? error.message : error}\n`)
      await stop()
      process.exit(1)
    }
  }
}

async function start({ ephemeral = false, seed, untilInputEnds = false }: RunOptions): Promise<void> {
  const config = readConfig(process.env)
  if (ephemeral)
    started.push({ undo: () => rm(config.home, { recursive: true, force: true, maxRetries: 5 }) })
  for (const line of misspeltSettings(process.env)) process.stderr.write(`Warning: ${line}\n`)
  const log = await openLog(config)
  stopOnSignals(log)
  if (untilInputEnds) process.stdin.once('close', () => leave()).resume()
  await mustBeFree(config) // a start that cannot be leaves nothing behind
  await prepareHome(config.home)
  goOn()

  const database = await beginDatabase(config, log, ephemeral)
  goOn()
  // The server's code is loaded and its doors are built while the database starts, which goes on in between.
  for (const load of [
    () => import('#data/database.ts'),
    () => import('#context.ts'),
    () => import('#app.ts'),
  ]) {
    await load()
    await otherWork()
  }
  const {
    Node,
    openBus,
    openContext,
    prepareServing,
    Sweeper,
    introduce,
    issueLastingToken,
    checkKeys,
    ensureFirstApplication,
    ensureFirstOperator,
    sealPlainSecrets,
  } = await import('#server.ts')
  await otherWork() // on the database
  const node = new Node(database.url, log)
  const joined = database.ready.then(() => node.start())
  joined.catch(() => {}) // it is waited for below
  started.push({ undo: () => node.close() })
  if (config.redisUrl) await joined // by which the bus is named
  const bus = await openBus(config.redisUrl, `chatterie:${node.installation}`, log)
  started.push({ undo: () => bus.close() })
  const tracing = config.otlpEndpoint && (await (await import('#tracing/open.ts')).openTracing(config, log))
  if (tracing) started.push({ undo: () => tracing.close() })
  const ctx = openContext(config, log, database.url, {
    node,
    bus,
    environment: process.env,
    ...(tracing && { tracing }),
  })
  started.push({ undo: () => ctx.db.close() })
  const founding = Promise.all([database.ready, database.safe]).then(async () => {
    goOn()
    await checkKeys(ctx)
    return Promise.all([ensureFirstApplication(ctx), ensureFirstOperator(ctx)])
  })
  founding.catch(() => {}) // it is waited for below
  const serving = await prepareServing(ctx)
  const [[first, operator]] = await Promise.all([founding, joined])
  if (seed !== undefined) await plant(ctx, first, seed)
  goOn()

  const sweeper = new Sweeper(ctx)
  sweeper.start()
  started.push({ undo: () => sweeper.stop() })

  const { app } = serving
  const [accessToken] = await Promise.all([
    ephemeral && config.output === 'json' ? issueLastingToken(ctx, first.clientId) : undefined,
    serving.start(),
  ])
  started.push({ undo: () => serving.close() })
  await app.listen({ port: config.port, host: config.host }).catch((error) => {
    throw explained(error, config)
  })
  goOn()
  await introduce(ctx, app, { first, operator, accessToken })
  await startBackground(ctx, database.url())
  const sealing = sealPlainSecrets(ctx, stopping.signal).catch((err) =>
    log.error({ err }, 'user secrets in plain text could not be sealed'),
  )
  started.push({ undo: () => sealing })
}

/** @throws where a stop has begun */
function goOn(): void {
  stopping.signal.throwIfAborted()
}

/** The first signal stops, letting what goes on finish; a later one hurries that. Nothing abandons it. */
function stopOnSignals(log: pino.Logger): void {
  let firstAt: number | undefined
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      const now = performance.now()
      if (firstAt === undefined) {
        firstAt = now
        log.info({ signal }, 'stopping')
        void leave()
      } else if (now - firstAt > sameSignalMs) {
        log.info({ signal }, 'stopping at once')
        hurried.resolve()
      }
    })
  }
}

async function leave(): Promise<void> {
  stopping.abort()
  setTimeout(hurried.resolve, stopMs).unref()
  setTimeout(() => process.exit(1), 2 * stopMs).unref()
  await Promise.race([starting.catch(() => {}), hurried.promise])
  await stop()
  process.exit(0)
}

/** Background work begins when requests are served already; in this thread where tests move its clock (decision 16). */
async function startBackground(ctx: Context, databaseUrl: string): Promise<void> {
  const background = ctx.config.testApi
    ? new (await import('#jobs/worker.ts')).Worker(ctx)
    : new (await import('#jobs/background-thread.ts')).BackgroundThread(ctx, databaseUrl)
  background.start()
  started.push({ undo: () => background.stop() })
}

async function plant(ctx: Context, first: FirstApplication, file: string): Promise<void> {
  const [{ readSeedFile }, { seedFirstApplication }] = await Promise.all([
    import('#test-api/seed-file.ts'),
    import('#domain/worlds/seed-first-application.ts'),
  ])
  await seedFirstApplication(ctx, first, await readSeedFile(file))
}

/** A database that may yet be on its way. */
interface ComingDatabase {
  /** Resolves when it has the right shape. */
  ready: Promise<void>
  /** Resolves when nothing of it can be lost with the machine. */
  safe: Promise<void>
  /** Known by then. */
  url(): string
}

/**
 * Begins to open the user's database, or the embedded one.
 * @returns when other programs work on it, so that there is time for something else
 */
async function beginDatabase(config: Config, log: pino.Logger, ephemeral: boolean): Promise<ComingDatabase> {
  if (config.databaseUrl) {
    const { databaseUrl } = config
    const ready = bringUpToDate(databaseUrl, log).then(() => {})
    return { ready, safe: Promise.resolve(), url: () => databaseUrl }
  }
  const waiting = Promise.withResolvers<void>()
  const starting = startEmbedded(config, log, ephemeral, waiting.resolve)
  started.push({ undo: () => starting.then(({ stop }) => stop()).catch(() => {}), isDatabase: true })
  let url: string | undefined
  const ready = starting.then(async (postgres) => {
    url = postgres.url
    if (!postgres.isCopy) mustNotBeNewer(config.home, await bringUpToDate(postgres.url, log))
  })
  const safe = starting.then((postgres) => postgres.safe)
  safe.catch(() => {}) // it is waited for by who starts
  await Promise.race([waiting.promise, ready])
  return {
    ready,
    safe,
    url() {
      if (url === undefined) throw new Error('The database was asked before it was there')
      return url
    },
  }
}

/** @returns the migrations of a newer version that the database has */
async function bringUpToDate(url: string, log: pino.Logger): Promise<string[]> {
  const { migrate } = await import('#postgres/migrate.ts')
  return (await migrate(url, log)).unknown
}

async function startEmbedded(
  config: Config,
  log: pino.Logger,
  ephemeral: boolean,
  waiting: () => void,
): Promise<EmbeddedPostgres> {
  const [{ startEmbeddedPostgres }, { templateIn }] = await Promise.all([
    import('#postgres/embedded-postgres.ts'),
    import('#template.ts'),
  ])
  const cache = openCache(config.cache)
  return startEmbeddedPostgres({
    folder: join(config.home, 'postgres'),
    log,
    cache,
    ...(cache && { template: await templateIn(cache) }),
    ephemeral,
    waiting,
    ...(ephemeral && { removed: config.home }),
  })
}

function stop(): Promise<void> {
  stopped ??= undoAll()
  return stopped
}

async function undoAll(): Promise<void> {
  let isHurried = false
  void hurried.promise.then(() => {
    isHurried = true
  })
  for (const { undo, isDatabase } of started.splice(0).reverse()) {
    const undone = undo().catch((error) => {
      if (!isHurried) process.stderr.write(`While stopping: ${error}\n`) // else it was cut short by us
    })
    await (isDatabase ? undone : Promise.race([undone, hurried.promise]))
  }
}
