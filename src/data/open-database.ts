// Opens the connections to the database: three pools, and the lanes of pipelined statements.
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Database, DatabaseUrl, Tx } from '#data/database.ts'
import { PrismaClient } from '#data/generated/client.ts'
import { Lanes } from '#data/lanes.ts'
import { readingLines } from '#data/lines.ts'
import { querier, type Watching, watched } from '#data/querier.ts'
import { rewritingOptions } from '#data/rewriting.ts'
import { withOptions } from '#data/session-options.ts'
import { attempt, timeoutMs } from '#data/transaction.ts'
import { isReadOnly, isTransient } from '#errors.ts'
import { DatabaseClient } from '#postgres/database-client.ts'
import type { EventDraft } from '#resources/events.ts'

const poolMax = 16
/** One connection for probes, and one for metrics, whose statements may take longer. */
const monitoringMax = 2
/** How long an unused connection stays open. A new one costs Postgres 20 ms, and plans all its statements again. */
const idleMs = 60_000

/**
 * Opens a database; the connections are made by the first statements.
 * @param onError is called when an idle connection fails
 */
export function openDatabase(
  url: DatabaseUrl,
  onError: (error: Error) => void,
  watching: Watching = {},
): Database {
  const lostListeners: (() => void)[] = []
  const { pool, rewriting, monitoring, lanes } = connect(url, onError, () => {
    for (const listener of lostListeners) listener()
  })
  let prisma: PrismaClient | undefined
  const listeners: ((emitted: EventDraft[]) => void)[] = []
  const eventsWritten = (emitted: EventDraft[] = []) => {
    for (const listener of listeners) listener(emitted)
  }
  const transactOn = async <T>(connections: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> => {
    const { result, emitted } = await retried(() => attempt(connections, work, watching))
    if (emitted.length > 0) eventsWritten(emitted)
    return result
  }

  return {
    pool,
    get prisma() {
      prisma ??= openPrisma(pool, watching) // created lazily, so that a start need not wait for it
      return prisma
    },
    // Each statement is a transaction of its own.
    ...querier(
      (query, line) => retried(() => (line && lanes[line].query(query)) ?? pool.query(query)),
      watching,
    ),
    transact: (work) => transactOn(pool, work),
    rewrite: (work) => transactOn(rewriting, work),
    monitor: (work) => transactOn(monitoring, work),
    onLost: (listener) => void lostListeners.push(listener),
    onEvents: (listener) => void listeners.push(listener),
    eventsWritten: () => eventsWritten(),
    async close() {
      await prisma?.$disconnect()
      const ends = [pool, rewriting, monitoring].map((each) => each.end())
      await Promise.all([...Object.values(lanes).map((each) => each.close()), ...ends])
      pool.removeAllListeners().on('error', ignore) // graphile-worker keeps the pool, but not its listeners
    },
  }
}

/** Handles errors of connections that are about to close. */
function ignore(): void {}

/** Creates the pools for general use, for rewriting worlds and for monitoring, and the lanes of pipelined statements. */
function connect(url: DatabaseUrl, onError: (error: Error) => void, onLost: () => void) {
  const Client = clientOf(url)
  const connection = {
    ...(typeof url === 'string' && { connectionString: url }),
    connectionTimeoutMillis: timeoutMs,
    // JIT compilation takes longer than any of our statements, but is triggered by overestimated costs of scans.
    options: '-c TimeZone=UTC -c jit=off',
    application_name: 'chatterie',
  }
  const pool = new pg.Pool({ ...connection, Client, max: poolMax, idleTimeoutMillis: idleMs })
  const rewriting = new pg.Pool({ ...connection, Client, ...rewritingOptions })
  const monitoring = new pg.Pool({ ...connection, Client, max: monitoringMax, idleTimeoutMillis: idleMs })
  // A connection that fails while in use rejects its statement. Without a listener it would also end the process.
  for (const each of [pool, rewriting, monitoring]) {
    each.on('connect', (client) => client.on('error', () => {}))
    renewReadOnly(each)
    each.on('error', (error) => {
      if (!each.ending) onError(error) // errors while closing do not matter, such as when the database stops, too
    })
  }
  // Cached plans must use indexes: a plan made while a table was empty would scan the whole table later on.
  const options = `${connection.options} -c enable_seqscan=off`
  // Statements that read a few rows use nested loops and are planned once. The planner does not know how few the rows
  // are: for a page of a large channel it would scan all users to join them, or replan each time.
  const byRow = `${options} -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan`
  const openLane = (options: string) => () =>
    readingLines(new Client({ ...connection, options, pipeline: true }))
  const lanes = {
    reads: new Lanes(openLane(byRow), 2, onLost),
    sends: new Lanes(openLane(options), 1), // for groups, of which only one is in flight
    events: new Lanes(openLane(options), 1),
  }
  return { pool, rewriting, monitoring, lanes }
}

/** Makes a pool close connections that turn out to be read-only, instead of failing with them for ever. */
function renewReadOnly(pool: pg.Pool): void {
  const readOnly = new WeakSet<pg.ClientBase>()
  pool.on('connect', (client) => {
    client.connection.on('errorMessage', (error: unknown) => {
      if (isReadOnly(error)) readOnly.add(client)
    })
  })
  pool.on('release', (_error, client) => {
    if (readOnly.has(client)) void client.end() // the pool removes a connection that is ending
  })
}

/** Returns a client class that gets the URL when an instance is created. */
function clientOf(url: DatabaseUrl): typeof pg.Client {
  return class extends DatabaseClient {
    constructor(config: pg.ClientConfig = {}) {
      const current = typeof url === 'string' ? url : url()
      super({ ...config, ...withOptions(current, config.options ?? '') })
    }
  }
}

function openPrisma(pool: pg.Pool, watching: Watching): PrismaClient {
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) }).$extends({
    query: {
      $allOperations: ({ model, operation, args, query }) =>
        watched(watching, `prisma ${model}.${operation}`, async () => query(args)),
    },
  })
  return prisma as unknown as PrismaClient
}

const attemptsMax = 4

async function retried<T>(attempt: () => Promise<T>, attempts = 1): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (attempts === attemptsMax || !isTransient(error)) throw error
    return retried(attempt, attempts + 1)
  }
}
