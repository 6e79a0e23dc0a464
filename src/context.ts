// What every use case receives.
import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import type { Bus } from '#bus/bus.ts'
import { openMemoryBus } from '#bus/memory.ts'
import { type Clock, realClock } from '#clock/clock.ts'
import { MovableClock } from '#clock/movable.ts'
import type { Config } from '#config.ts'
import { openTokenCache, type TokenCache } from '#data/applications/tokens.ts'
import { type Database, type DatabaseUrl, openDatabase } from '#data/database.ts'
import { Node } from '#data/events/node.ts'
import type { GroupCommit } from '#data/group-commit.ts'
import { openQueue, type Queue } from '#data/jobs/queue.ts'
import { type NewMessage, openSender, type Sent } from '#data/messages/sending.ts'
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
import { Metrics, type Thread } from '#metrics/metrics.ts'
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

/** Customers' code, and what it needs; see src/functions. */
interface Functions extends Pick<FunctionRunner, 'invoke' | 'deploy' | 'applications' | 'end' | 'close'> {
  compileHandler: typeof compileHandler
  /** Npm packages, into a folder of their own within `folder`. */
  installDependencies(folder: string, dependencies: Dependency[]): Promise<Installation>
}

export interface Context {
  config: Config
  log: FastifyBaseLogger
  metrics: Metrics
  /** What applications ask of this process. */
  usage: Usage
  /** By which everything is dated and comes to its end. */
  clock: Clock
  /** Reads, and `db.transact` for writes. */
  db: Database
  /** Sends of messages, committed in groups. */
  sender: GroupCommit<NewMessage, Sent>
  /** Lets in who connects, in groups. */
  arrivals: Arrivals
  /** Lets go whose connection is lost or session ends, in groups. */
  departures: Departures
  /** Who may type where. */
  typists: Typists
  tokens: TokenCache
  /** Work for later; see src/jobs. */
  queue: Queue
  /** Keeps secrets that must be read again. */
  vault: Vault
  /** The bytes of hosted files. */
  files: FileStore
  /** What lets users reach them. */
  grants: Grants
  /** Runs chat functions. */
  functions: Functions
  /** Where this process answers, for what runs on this machine; known once it listens. */
  origin: string
  /**
   * Where the server is reached, without a slash at the end: what the settings say, or else the origin that a client
   * asked, which is checked, or else where this process answers.
   */
  baseUrl(asked?: string): string
  /** This process among others. */
  node: Node
  /** To all processes, for what is broadcast and not kept. */
  bus: Bus
  /** The migrations that this program's database has, in order. */
  migrations(): Promise<string[]>
  /** Absent where nothing is traced. */
  tracing?: Tracing
  /** Looks at the pages that messages link to; absent where the settings want none. */
  previews?: Previews
  /** Sends to webhooks. */
  webhooks: WebhookClient
  /** What the test API keeps of worlds; absent where it is off. */
  testApi?: TestApi
  /** Work that no request waits for; what it throws is logged. */
  later(work: Promise<unknown>): void
  /** Resolves when all of it is done. */
  settled(): Promise<void>
}

interface Surroundings {
  node?: Node
  bus?: Bus
  tracing?: Tracing | undefined
  /** Which of the process' threads it is for; the one that serves where absent. */
  thread?: Thread
  /** Of the process, for the programs that it runs. */
  environment?: Record<string, string | undefined>
}

/** Opens what use cases need; closing `db` closes it all but the bus and the node, which a process brings along. */
export function openContext(
  config: Config,
  log: FastifyBaseLogger,
  databaseUrl: DatabaseUrl,
  {
    node = new Node(databaseUrl, log),
    bus = openMemoryBus(log),
    tracing,
    thread,
    environment = {},
  }: Surroundings = {},
): Context {
  const metrics = new Metrics(thread)
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
  const pending = new Set<Promise<unknown>>()
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
    later(work) {
      const done = work
        .catch((error) => {
          // What the work was about may be deleted by then.
          if (isGone(error)) log.debug({ err: error }, 'work came too late')
          else log.error({ err: error }, 'work behind a request failed')
        })
        .finally(() => pending.delete(done))
      pending.add(done)
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending)
    },
  }
  db.onEvents((events) => {
    for (const { type, channelId, payload } of events) {
      ctx.typists.follow({ type, channelId, userId: payload?.userId })
    }
  })
  return ctx
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined
  return () => {
    found ??= read()
    return found
  }
}

/** Shorter than what a request may take. */
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
