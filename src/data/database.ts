// The one pool, and the two ways to speak to it: Prisma for plain reads and writes of one row, and statements, in a
// transaction or without.
import { finished } from 'node:stream/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Columns } from '#data/columns.ts'
import { PrismaClient } from '#data/generated/client.ts'
import { Lanes } from '#data/lanes.ts'
import { readingLines } from '#data/lines.ts'
import { rewritingOptions } from '#data/rewriting.ts'
import { isTransient } from '#errors.ts'
import type { EventDraft } from '#resources/events.ts'

/** A statement with a name is prepared once per connection. */
export interface Statement {
  name?: string
  text: string
  /**
   * In which line it stands, see lanes.ts: `reads`, where it reads a few rows by their keys, whatever there is besides;
   * `sends`, where it stores messages; `events`, where it takes what was written. Elsewhere it waits for a connection of
   * its own.
   */
  line?: 'reads' | 'sends' | 'events'
}

/** Cells in the order of the statement's columns: bigint as number, timestamptz as ISO text, jsonb parsed. */
export type Row = readonly unknown[]

/** A statement whose columns are described. */
export interface Reading<T> extends Statement {
  columns: Columns<T>
}

/** Makes one of what it reads and the rest of its text. */
export function reading<T>(
  name: string,
  columns: Columns<T>,
  compose: (columns: string) => string,
): Reading<T> {
  return { name, text: compose(columns.text), columns }
}

/** A statement that reads a few rows by their keys. */
export function quick<S extends Statement>(statement: S): S {
  return { ...statement, line: 'reads' }
}

/** Who can be asked in SQL: the database, where each statement is a transaction of its own, or one transaction. */
export interface Querier {
  query(statement: Statement, values: unknown[]): Promise<Row[]>
  /** What a statement reads. */
  all<T>(statement: Reading<T>, values: unknown[]): Promise<T[]>
  /** The first of what a statement reads; undefined where it reads nothing. */
  one<T>(statement: Reading<T>, values: unknown[]): Promise<T | undefined>
  /** What a statement reads that always finds a row, such as an insert. */
  single<T>(statement: Reading<T>, values: unknown[]): Promise<T>
  /** How many rows a statement wrote, or read where it writes none. */
  run(statement: Statement, values: unknown[]): Promise<number>
}

export interface Db extends Querier {
  /** For plain reads and writes of one row, outside transactions. */
  prisma: PrismaClient
  /** Called when a connection was lost: whatever is at its other end next may have forgotten what has been read. */
  onLost(listener: () => void): void
}

/** A transaction: what takes one may write. */
export interface Tx extends Querier {
  /** Takes rows in COPY's text format. */
  copy(statement: string, rows: string): Promise<void>
  /** What it is given is published if, and only if, the transaction commits. */
  emit(...events: EventDraft[]): Promise<void>
}

export interface Database extends Db {
  pool: pg.Pool
  /**
   * Runs `work` in one transaction; a throw rolls it back. After a deadlock with others it is tried again, so that
   * `work` may run more than once. Neither a statement in it nor a pause between two may take more than 30 s.
   */
  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The same where keys are not looked at and the plans of large statements are kept: for worlds. See rewriting.ts. */
  rewrite<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Called after each commit that wrote events, with those that a transaction has emitted. */
  onEvents(listener: (emitted: EventDraft[]) => void): void
  /** A statement has written some. */
  eventsWritten(): void
  close(): Promise<void>
}

/** Of Postgres; a function where it is known only by the time of the first statement. */
export type DatabaseUrl = string | (() => string)

const poolMax = 16
/** How long a connection is waited for, and a statement of a transaction. */
const timeoutMs = 30_000
const begin = `
  begin; set local statement_timeout = ${timeoutMs}; set local idle_in_transaction_session_timeout = ${timeoutMs}`

/**
 * What is seen of statements, each by its name or else by its text, and never by its parameters. In transactions, what
 * begins and ends them is not seen.
 */
interface Watching {
  /** Stands around each. */
  around?<T>(statement: string, ask: () => Promise<T>): Promise<T>
  /** How long each was waited for. */
  took?(statement: string, ms: number): void
  /** What events that are written now follow from, where that is traced. */
  traceparent?(): string | undefined
}

/**
 * Opens the pool of a database; connects at the first statement.
 * @param onError is called where an idle connection breaks
 */
export function openDatabase(
  url: DatabaseUrl,
  onError: (error: Error) => void,
  watching: Watching = {},
): Database {
  const Client = typeof url === 'string' ? pg.Client : clientOf(url)
  const connection = {
    ...(typeof url === 'string' && { connectionString: url }),
    connectionTimeoutMillis: timeoutMs,
    // Compiling a plan takes longer than any statement of ours; costs that planners make up for reading a table ask for it.
    options: '-c TimeZone=UTC -c jit=off',
    application_name: 'chatterie',
  }
  const pool = new pg.Pool({ ...connection, Client, max: poolMax })
  // Their plans are kept, and go by index: one that was made while a table was empty would read all of it later on.
  const options = `${connection.options} -c enable_seqscan=off`
  // What reads a few rows joins them one by one, and is planned once. Nobody tells the planner how few: for a page of a
  // large channel it would read all users to join them, or plan anew each time.
  const byRow = `${options} -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan`
  const openLane = (options: string) => () =>
    readingLines(new Client({ ...connection, options, pipeline: true }))
  const lostListeners: (() => void)[] = []
  const lost = () => {
    for (const listener of lostListeners) listener()
  }
  const lanes = {
    reads: new Lanes(openLane(byRow), 2, lost),
    sends: new Lanes(openLane(options), 1), // of groups, which never are two at once
    events: new Lanes(openLane(options), 1),
  }
  const rewriting = new pg.Pool({ ...connection, Client, ...rewritingOptions })
  // A connection that breaks while in use fails its statement. Without a listener it would end the process, too.
  for (const each of [pool, rewriting]) {
    each.on('connect', (client) => client.on('error', () => {}))
    each.on('error', (error) => {
      if (!each.ending) onError(error) // a database that stops with us cuts off what was closing anyway
    })
  }
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

/** A client of what is known by the time that it is made. */
function clientOf(url: () => string): typeof pg.Client {
  return class extends pg.Client {
    constructor(options?: pg.ClientConfig) {
      super({ ...options, connectionString: url() })
    }
  }
}

function openPrisma(pool: pg.Pool, { around, took }: Watching): PrismaClient {
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  const watched = prisma.$extends({
    query: {
      async $allOperations({ model, operation, args, query }) {
        const since = performance.now()
        const title = `prisma ${model}.${operation}`
        try {
          return await (around ? around(title, async () => query(args)) : query(args))
        } finally {
          took?.(title, performance.now() - since)
        }
      },
    },
  })
  return watched as unknown as PrismaClient
}

async function attempt<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>, watching: Watching) {
  const client = await pool.connect()
  let isOver = false
  const emitted: EventDraft[] = []
  // What `work` leaves running, such as the others beside a promise that failed, must not write on behalf of whoever
  // has the connection next.
  const ask: Ask = (query) =>
    isOver ? Promise.reject(new Error('The transaction is over')) : client.query(query)
  const tx: Tx = {
    ...querier(ask, watching),
    async copy(statement, rows) {
      const copy = client.query(copyFrom(statement))
      copy.end(rows)
      await finished(copy)
    },
    async emit(...events) {
      if (events.length === 0) return
      emitted.push(...events)
      const traceparent = watching.traceparent?.()
      const drafts = traceparent
        ? events.map((event) => ({ ...event, payload: { ...event.payload, traceparent } }))
        : events
      await tx.run(emitStatement, [JSON.stringify(drafts)])
    },
  }
  try {
    await client.query(begin)
    const result = await work(tx)
    isOver = true
    const { command } = await client.query('commit')
    if (command !== 'COMMIT') throw new Error('A statement of the transaction had failed')
    client.release()
    return { result, emitted }
  } catch (error) {
    isOver = true
    // A connection that cannot even roll back is closed, which ends the transaction as well.
    const isClean = await client.query('rollback').then(
      () => true,
      () => false,
    )
    client.release(!isClean)
    throw error
  }
}

const emitStatement = {
  name: 'emit-events',
  text: `
    insert into outbox_event (application_id, type, channel_id, thread_id, count, payload)
    select "applicationId", type, "channelId", "threadId", coalesce(count, 0), coalesce(payload, '{}')
    from jsonb_to_recordset($1::jsonb) as event (
      "applicationId" bigint, type text, "channelId" bigint, "threadId" bigint, count int, payload jsonb
    )`,
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

type Ask = (query: pg.QueryArrayConfig, line?: Statement['line']) => Promise<pg.QueryArrayResult<unknown[]>>

function querier(ask: Ask, { around, took }: Watching): Querier {
  const send = ({ name, text, line }: Statement, values: unknown[]) => {
    const query: pg.QueryArrayConfig = {
      ...(name !== undefined && { name }),
      text,
      values,
      rowMode: 'array',
      types,
    }
    return around ? around(name ?? text, () => ask(query, line)) : ask(query, line)
  }
  return {
    async query(statement, values) {
      const since = performance.now()
      try {
        return (await send(statement, values)).rows
      } finally {
        took?.(statement.name ?? statement.text, performance.now() - since)
      }
    },
    async all(statement, values) {
      const rows = await this.query(statement, values)
      return rows.map((row) => statement.columns.read(row, 0))
    },
    async one(statement, values) {
      const [row] = await this.query(statement, values)
      return row && statement.columns.read(row, 0)
    },
    async single(statement, values) {
      const [row] = await this.query(statement, values)
      if (!row) throw new Error(`${statement.name ?? 'A statement'} found no row`)
      return statement.columns.read(row, 0)
    },
    async run(statement, values) {
      const since = performance.now()
      try {
        return (await send(statement, values)).rowCount ?? 0
      } finally {
        took?.(statement.name ?? statement.text, performance.now() - since)
      }
    },
  }
}

const { builtins } = pg.types
const parsers = new Map<number, (text: string) => unknown>([
  [builtins.INT8, Number],
  [builtins.TIMESTAMPTZ, isoTime],
  [builtins.JSONB, JSON.parse],
])
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? pg.types.getTypeParser(oid, format ?? 'text'),
} as pg.CustomTypesConfig

/** `2026-11-21 00:42:46.1+00` -> `2026-11-21T00:42:46.100Z`, without a Date: a page reads 25 to 75 of them. */
function isoTime(text: string): string {
  const zone = text.indexOf('+', 19)
  const fraction = text.slice(20, zone < 0 ? undefined : zone)
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
}
