// The one pool, and the connections beside it.
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Database, DatabaseUrl, Tx } from '#data/database.ts'
import { PrismaClient } from '#data/generated/client.ts'
import { Lanes } from '#data/lanes.ts'
import { readingLines } from '#data/lines.ts'
import { querier, type Watching, watched } from '#data/querier.ts'
import { rewritingOptions } from '#data/rewriting.ts'
import { attempt, timeoutMs } from '#data/transaction.ts'
import { isTransient } from '#errors.ts'
import type { EventDraft } from '#resources/events.ts'

const poolMax = 16
/**
 * Opens the pool of a database; connects at the first statement.
 * @param onError is called where an idle connection breaks
 */
export function openDatabase(
  url: DatabaseUrl,
  onError: (error: Error) => void,
  watching: Watching = {},
): Database {
  const lostListeners: (() => void)[] = []
  const { pool, rewriting, lanes } = connect(url, onError, () => {
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
      prisma ??= openPrisma(pool, watching) // once it is asked for: a start need not wait
      return prisma
    },
    // Each is a transaction of its own.
    ...querier(
      (query, line) => retried(() => (line && lanes[line].query(query)) ?? pool.query(query)),
      watching,
    ),
    transact: (work) => transactOn(pool, work),
    rewrite: (work) => transactOn(rewriting, work),
    onLost: (listener) => void lostListeners.push(listener),
    onEvents: (listener) => void listeners.push(listener),
    eventsWritten: () => eventsWritten(),
    async close() {
      await prisma?.$disconnect()
      await Promise.all([...Object.values(lanes).map((each) => each.close()), pool.end(), rewriting.end()])
      pool.removeAllListeners().on('error', ignore) // graphile-worker holds it still, but not who listened
    },
  }
}

/** Of connections that are about to close. */
function ignore(): void {}

/** The connections: for all, for those who rewrite worlds, and the lanes of statements that stand in line. */
function connect(url: DatabaseUrl, onError: (error: Error) => void, onLost: () => void) {
  const Client = typeof url === 'string' ? pg.Client : clientOf(url)
  const connection = {
    ...(typeof url === 'string' && { connectionString: url }),
    connectionTimeoutMillis: timeoutMs,
    // Compiling a plan takes longer than any statement of ours; costs that planners make up for reading a table ask for it.
    options: '-c TimeZone=UTC -c jit=off',
    application_name: 'chatterie',
  }
  const pool = new pg.Pool({ ...connection, Client, max: poolMax })
  const rewriting = new pg.Pool({ ...connection, Client, ...rewritingOptions })
  // A connection that breaks while in use fails its statement. Without a listener it would end the process, too.
  for (const each of [pool, rewriting]) {
    each.on('connect', (client) => client.on('error', () => {}))
    each.on('error', (error) => {
      if (!each.ending) onError(error) // a database that stops with us cuts off what was closing anyway
    })
  }
  // Their plans are kept, and go by index: one that was made while a table was empty would read all of it later on.
  const options = `${connection.options} -c enable_seqscan=off`
  // What reads a few rows joins them one by one, and is planned once. Nobody tells the planner how few: for a page of a
  // large channel it would read all users to join them, or plan anew each time.
  const byRow = `${options} -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan`
  const openLane = (options: string) => () =>
    readingLines(new Client({ ...connection, options, pipeline: true }))
  const lanes = {
    reads: new Lanes(openLane(byRow), 2, onLost),
    sends: new Lanes(openLane(options), 1), // of groups, which never are two at once
    events: new Lanes(openLane(options), 1),
  }
  return { pool, rewriting, lanes }
}

/** A client of what is known by the time that it is made. */
function clientOf(url: () => string): typeof pg.Client {
  return class extends pg.Client {
    constructor(options?: pg.ClientConfig) {
      super({ ...options, connectionString: url() })
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
