// Runs the process: settings, database, context, app; then listens until told to stop.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { pino } from 'pino'
import { keepCompiledCode, openCache } from '#cache.ts'
import { type Config, readSettings } from '#config.ts'
import type { Context } from '#context.ts'
import type { FirstApplication } from '#domain/applications/ensure-first-application.ts'
import { keepHeapSmall } from '#heap.ts'
import { mustNotBeNewer, prepareHome } from '#home-folder.ts'
import { openLog } from '#log.ts'
import { checkPortIsFree, explainListenError } from '#port.ts'
import type { EmbeddedPostgres } from '#postgres/embedded-postgres.ts'

/** What has been started, with its cleanup; undone in reverse order. */
const started: { undo(): Promise<unknown>; isDatabase?: boolean }[] = []

/** Aborted by the first signal; a start in progress ends at its next step. */
const stopping = new AbortController()
/** Resolves when a stop is hurried: it then waits only for the database. */
const hurried = Promise.withResolvers<void>()
/** The only stop, however often it is requested. */
let stopped: Promise<void> | undefined

/** Milliseconds until a stop is hurried, and the same again until it is given up. */
const stopMs = 30_000
/** Ctrl-C in a terminal reaches both us and npm, which forwards it: a second signal this soon is the same one. */
const sameSignalMs = 1_000

export interface RunOptions {
  /** A home folder that is removed at the end in any case; no write has to survive a crash. */
  ephemeralHome?: string | undefined
  /** File with the initial content of the first application, which must be new. */
  seed?: string | undefined
  /** Stops as on a signal when stdin closes: the parent process has ended, for whatever reason. */
  untilInputEnds?: boolean
}

let starting: Promise<void>

/** Runs the server in this process, configured by its environment, until it is told to stop. Then the process ends. */
export async function runServer(options: RunOptions = {}): Promise<void> {
  // The reader of the output may go away ("| head"); the server keeps running.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  keepHeapSmall()
  keepCompiledCode(process.env)
  starting = start(options)
  try {
    await starting
  } catch (error) {
    // A start that was stopped needs no explanation.
    if (!stopping.signal.aborted) {
      process.stderr.write(`Chatterie cannot start: ${error instanceof Error ? error.message : error}\n`)
      await stop()
      process.exit(1)
    }
  }
}

async function start({ ephemeralHome, seed, untilInputEnds = false }: RunOptions): Promise<void> {
  const ephemeral = ephemeralHome !== undefined
  if (ephemeral) {
    started.push({ undo: () => rm(ephemeralHome, { recursive: true, force: true, maxRetries: 5 }) })
  }
  const config = readSettings()
  const log = await openLog(config)
  stopOnSignals(log)
  if (untilInputEnds) process.stdin.once('close', () => leave()).resume()
  await checkPortIsFree(config) // a start that cannot succeed leaves nothing behind
  await prepareHome(config.home)
  goOn()

  const database = await beginDatabase(config, log, ephemeral)
  goOn()
  const code = await loadCode()
  const { ctx, joined } = await openSurroundings(code, config, log, database)
  const founding = found(code, ctx, database)
  founding.catch(() => {}) // awaited below
  const serving = await code.prepareServing(ctx)
  const [founded] = await Promise.all([founding, joined])
  if (seed !== undefined) await seedApplication(ctx, founded.first, seed)
  goOn()

  const sweeper = new code.Sweeper(ctx)
  sweeper.start()
  started.push({ undo: () => sweeper.stop() })
  const [accessToken] = await Promise.all([
    ephemeral && config.output === 'json' ? code.issueLastingToken(ctx, founded.first.clientId) : undefined,
    serving.start(),
  ])
  started.push({ undo: () => serving.close() })
  await serving.app.listen({ port: config.port, host: config.host }).catch((error) => {
    throw explainListenError(error, config)
  })
  goOn()
  await code.introduce(ctx, { ...founded, accessToken })
  await startBackground(ctx, database.url())
  const sealing = code
    .sealPlainSecrets(ctx, stopping.signal)
    .catch((err) => log.error({ err }, 'user secrets in plain text could not be sealed'))
  started.push({ undo: () => sealing })
}

type ServerCode = typeof import('#server.ts')

/** Loads the server's code while the database starts, which continues in between. */
async function loadCode(): Promise<ServerCode> {
  for (const load of [
    () => import('#data/open-database.ts'),
    () => import('#context.ts'),
    () => import('#app.ts'),
  ]) {
    await load()
    await otherWork()
  }
  const code = await import('#server.ts')
  await otherWork() // of the database
  return code
}

/** Opens the context; `joined` resolves when this process has joined the installation. */
async function openSurroundings(
  { Node, openBus, openContext }: ServerCode,
  config: Config,
  log: pino.Logger,
  database: ComingDatabase,
): Promise<{ ctx: Context; joined: Promise<void> }> {
  const node = new Node(database.url, log)
  const joined = database.ready.then(() => node.start())
  joined.catch(() => {}) // awaited by the caller
  started.push({ undo: () => node.close() })
  if (config.redisUrl) await joined // names the bus
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
  return { ctx, joined }
}

/** Creates the first application and the first operator, if they are missing, once the database is ready. */
async function found(
  { checkKeys, ensureFirstApplication, ensureFirstOperator }: ServerCode,
  ctx: Context,
  { ready, safe }: ComingDatabase,
) {
  await Promise.all([ready, safe])
  goOn()
  await checkKeys(ctx)
  const [first, operator] = await Promise.all([ensureFirstApplication(ctx), ensureFirstOperator(ctx)])
  return { first, operator }
}

/** @throws the abort reason if a stop has begun */
function goOn(): void {
  stopping.signal.throwIfAborted()
}

/** The first signal stops gracefully and lets current work finish; a later one hurries the stop, never abandons it. */
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
        log.info({ signal }, 'stopping immediately')
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

/** Starts background work once requests are served; in this process if tests move its clock (decision 16). */
async function startBackground(ctx: Context, databaseUrl: string): Promise<void> {
  const background = ctx.config.testApi
    ? new (await import('#jobs/worker.ts')).Worker(ctx)
    : new (await import('#jobs/background-process.ts')).BackgroundProcess(ctx, databaseUrl)
  background.start()
  started.push({ undo: () => background.stop() })
}

async function seedApplication(ctx: Context, first: FirstApplication, file: string): Promise<void> {
  const [{ readSeedFile }, { seedFirstApplication }] = await Promise.all([
    import('#test-api/seed-file.ts'),
    import('#domain/worlds/seed-first-application.ts'),
  ])
  await seedFirstApplication(ctx, first, await readSeedFile(file))
}

/** A database that may still be starting. */
interface ComingDatabase {
  /** Resolves when the schema is up to date. */
  ready: Promise<void>
  /** Resolves when a crash of the machine can no longer lose any data of it. */
  safe: Promise<void>
  /** Available once `ready` has resolved. */
  url(): string
}

/**
 * Starts to open the user's database or the embedded one.
 * @returns when other processes work on it and this one is free for other work
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
  safe.catch(() => {}) // awaited by the caller
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
  return (await migrate(url, log, { signal: stopping.signal })).unknown
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
      if (!isHurried) process.stderr.write(`While stopping: ${error}\n`) // a hurried stop causes errors itself
    })
    await (isDatabase ? undone : Promise.race([undone, hurried.promise]))
  }
}
