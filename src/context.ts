// The context that every use case receives.
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import type { Bus } from '#bus/bus.ts'
import { openMemoryBus } from '#bus/memory.ts'
import { type Clock, realClock } from '#clock/clock.ts'
import { MovableClock } from '#clock/movable.ts'
import type { Config } from '#config.ts'
import { openTokenCache, type TokenCache } from '#data/applications/tokens.ts'
import type { Database, DatabaseUrl } from '#data/database.ts'
import { Node } from '#data/events/node.ts'
import type { GroupCommit } from '#data/group-commit.ts'
import { openQueue, type Queue } from '#data/jobs/queue.ts'
import { type NewMessage, openSender, type Sent } from '#data/messages/sending.ts'
import { openDatabase } from '#data/open-database.ts'
import { Arrivals } from '#domain/sessions/arrivals.ts'
import { Departures } from '#domain/sessions/departures.ts'
import { Usage } from '#domain/statistics/usage.ts'
import { Typists } from '#domain/threads/typists.ts'
import { isGone } from '#errors.ts'
import type { FileStore } from '#files/files.ts'
import { type Grants, openGrants } from '#files/grants.ts'
import { openFileStore } from '#files/open.ts'
import { compileHandler } from '#functions/compile.ts'
import { type Dependency, type Installation, installDependencies } from '#functions/install.ts'
import { FunctionRunner } from '#functions/runner.ts'
import { Metrics, type ProcessKind } from '#metrics/metrics.ts'
import { slowStatements, titleOf } from '#metrics/statements.ts'
import { migrationNames } from '#place.ts'
import { openPreviews, type Previews } from '#previews/previews.ts'
import { openVault, type Vault } from '#secrets/vault.ts'
import { TestApi } from '#test-api/state.ts'
import type { Tracing } from '#tracing/tracing.ts'
import { openWebhookClient, type WebhookClient } from '#webhooks/post.ts'

export type { Outcome } from '#functions/outcome.ts'
export type { RuntimeSpec } from '#functions/prepare.ts'
export type { Posted } from '#webhooks/post.ts'

/** Runs customers' code; see src/functions. */
interface Functions extends Pick<FunctionRunner, 'invoke' | 'deploy' | 'applications' | 'end' | 'close'> {
  compileHandler: typeof compileHandler
  /** Installs npm packages into a new folder inside `folder`. */
  installDependencies(folder: string, dependencies: Dependency[]): Promise<Installation>
}

export interface Context {
  config: Config
  log: FastifyBaseLogger
  metrics: Metrics
  /** Counts the requests of each application to this process. */
  usage: Usage
  /** The clock for all timestamps and expiry. */
  clock: Clock
  /** The database: reads directly, writes with `db.transact`. */
  db: Database
  /** Commits sends of messages in groups. */
  sender: GroupCommit<NewMessage, Sent>
  /** Admits connecting users, in groups. */
  arrivals: Arrivals
  /** Handles lost connections and ended sessions, in groups. */
  departures: Departures
  /** Tracks who may type in which channel. */
  typists: Typists
  tokens: TokenCache
  /** Jobs to run later; see src/jobs. */
  queue: Queue
  /** Encrypts secrets that must be readable again. */
  vault: Vault
  /** Stores the bytes of hosted files. */
  files: FileStore
  /** Grants users access to hosted files. */
  grants: Grants
  /** Runs chat functions. */
  functions: Functions
  /** Origin of this process for programs on this machine; set once the server listens. */
  origin: string
  /**
   * Returns the server's URL without a trailing slash: the configured one, otherwise the origin that a client
   * requested, after a check, otherwise the origin of this process.
   */
  baseUrl(asked?: string): string
  /** This process as one of several. */
  node: Node
  /** Broadcasts signals, which are not stored, to all processes. */
  bus: Bus
  /** Returns the names of the migrations that the database has, in order. */
  migrations(): Promise<string[]>
  /** Traces requests; absent if nothing is traced. */
  tracing?: Tracing
  /** Fetches the pages that messages link to; absent if link previews are off. */
  previews?: Previews
  /** Sends requests to webhooks. */
  webhooks: WebhookClient
  /** State of the test API's worlds; absent if the test API is off. */
  testApi?: TestApi
  /** Runs work that no request waits for and logs its errors. */
  later(work: Promise<unknown>): void
  /** Resolves when all work passed to `later` is done. */
  settled(): Promise<void>
}

interface Surroundings {
  node?: Node
  bus?: Bus
  tracing?: Tracing | undefined
  /** The process that uses this context; the server's own if absent. */
  kind?: ProcessKind
  /** Environment of the process, for the programs it runs. */
  environment?: Record<string, string | undefined>
}

/** Opens what use cases need. Closing `db` closes everything except the bus and the node, which the caller owns. */
export function openContext(
  config: Config,
  log: FastifyBaseLogger,
  databaseUrl: DatabaseUrl,
  {
    node = new Node(databaseUrl, log),
    bus = openMemoryBus(log),
    tracing,
    kind,
    environment = {},
  }: Surroundings = {},
): Context {
  const metrics = new Metrics(kind)
  const clock = config.testApi ? new MovableClock() : realClock
  const db = openDatabase(
    databaseUrl,
    (error) => log.warn({ err: error }, 'an idle database connection failed'),
    {
      ...(config.slowStatementMs > 0 && { took: slowStatements(config.slowStatementMs, log, metrics) }),
      ...(tracing && {
        around: (statement, ask) => tracing.statement(titleOf(statement), ask),
        traceparent: () => tracing.current,
      }),
    },
  )
  const vault = openVault(config)
  const ctx: Context = {
    config,
    log,
    metrics,
    usage: new Usage(),
    clock,
    db,
    sender: openSender(db, db.eventsWritten, (size) => metrics.groups.observe(size)),
    arrivals: new Arrivals(db, () => node.id),
    departures: new Departures(db),
    typists: new Typists(),
    tokens: openTokenCache(db, clock),
    queue: openQueue(db),
    vault,
    files: openFileStore(config),
    grants: openGrants(() => vault.derive('file grants'), clock),
    functions: openFunctions(config, log, clock, environment),
    webhooks: openWebhookClient({ egress: config.webhookEgress }),
    origin: `http://localhost:${config.port}`,
    baseUrl: (asked) => config.publicUrl ?? asked ?? ctx.origin,
    node,
    bus,
    migrations: once(migrationNames),
    ...(tracing && { tracing }),
    ...(config.testApi && { testApi: new TestApi() }),
    ...(config.linkPreviews && { previews: openPreviews() }),
    ...openBacklog(log),
  }
  db.onEvents((events) => {
    for (const { type, channelId, payload } of events) {
      ctx.typists.follow({ type, channelId, userId: payload?.userId })
    }
  })
  return ctx
}

/** Tracks background work that requests have started. */
function openBacklog(log: FastifyBaseLogger): Pick<Context, 'later' | 'settled'> {
  const pending = new Set<Promise<unknown>>()
  return {
    later(work) {
      const done = work
        .catch((error) => {
          // The subject of the work may have been deleted in the meantime.
          if (isGone(error))
            log.debug({ err: error }, 'work after a request was not needed: its subject no longer exists')
          else log.error({ err: error }, 'work after a request failed')
        })
        .finally(() => pending.delete(done))
      pending.add(done)
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending)
    },
  }
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined
  return () => {
    found ??= read()
    return found
  }
}

/** Shorter than the time limit of a request. */
const installMs = 100_000

function openFunctions(
  config: Config,
  log: FastifyBaseLogger,
  clock: Clock,
  environment: Record<string, string | undefined>,
): Functions {
  const runner = new FunctionRunner({
    folder: join(config.home, 'runtimes', 'shared'),
    egress: config.functionEgress,
    memoryMb: config.functionMemoryMb,
    processesMax: config.functionProcesses,
    log,
    clock,
  })
  const options = { environment, timeoutMs: installMs }
  return {
    invoke: (spec, invocation) => runner.invoke(spec, invocation),
    deploy: (applicationId) => runner.deploy(applicationId),
    applications: () => runner.applications(),
    end: (applicationId) => runner.end(applicationId),
    close: () => runner.close(),
    compileHandler,
    installDependencies: (folder, dependencies) => installDependencies(folder, dependencies, options),
  }
}
