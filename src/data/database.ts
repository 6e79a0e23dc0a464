// The one pool, and the two ways to speak to it: Prisma for ordinary reads and writes, plain SQL for hot statements
// and for lists.
import { finished } from 'node:stream/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Columns } from '#data/columns.ts'
import { Prisma, PrismaClient } from '#data/generated/client.ts'
import { isTransient } from '#errors.ts'
import type { EventDraft } from '#resources/events.ts'

/** A statement with a name is prepared once per connection. */
export interface Statement {
  name?: string
  text: string
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

/** Who can be asked in SQL. */
export interface Querier {
  query(statement: Statement, values: unknown[]): Promise<Row[]>
  /** What a statement reads. */
  all<T>(statement: Reading<T>, values: unknown[]): Promise<T[]>
  /** The first of what a statement reads; undefined where it reads nothing. */
  one<T>(statement: Reading<T>, values: unknown[]): Promise<T | undefined>
}

export interface Db extends Querier {
  prisma: PrismaClient
}

/** What takes one may write; what it emits is told if, and only if, the transaction commits. */
export interface Tx {
  prisma: Prisma.TransactionClient
  emit(...events: EventDraft[]): Promise<void>
}

/** A transaction in plain SQL on one connection, for many rows at once. */
export interface Batch extends Querier {
  /** Takes rows in COPY's text format. */
  copy(statement: string, rows: string): Promise<void>
}

export interface Database extends Db {
  pool: pg.Pool
  /** Runs `work` in one transaction; a throw rolls it back. After a deadlock with others it is tried again. */
  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The same in plain SQL. */
  batch<T>(work: (batch: Batch) => Promise<T>): Promise<T>
  /** Called after each commit that wrote events. */
  onEvents(listener: () => void): void
  eventsWritten(): void
  close(): Promise<void>
}

const poolMax = 16
const transactionTimeoutMs = 30_000

/** Opens the pool of a Postgres URL; connects at the first statement. */
export function openDatabase(url: string, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    options: '-c TimeZone=UTC',
    application_name: 'chatterie',
  })
  // A connection that breaks while in use fails its statement. Without a listener it would end the process, too.
  pool.on('connect', (client) => client.on('error', () => {}))
  pool.on('error', (error) => {
    if (!pool.ending) onError(error) // a database that stops with us cuts off what was closing anyway
  })
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { timeout: transactionTimeoutMs, maxWait: transactionTimeoutMs },
  })
  let eventsWritten = () => {}

  return {
    pool,
    prisma,
    ...querier(pool),
    async transact(work) {
      let emitted = false
      const attempt = () =>
        prisma.$transaction((client) =>
          work({
            prisma: client,
            async emit(...events) {
              if (events.length === 0) return
              emitted = true
              await client.$executeRaw`
              insert into outbox_event (application_id, type, channel_id, thread_id, count, payload)
              select "applicationId", type, "channelId", "threadId", coalesce(count, 0), coalesce(payload, '{}')
              from jsonb_to_recordset(${toJsonb(events)}) as event (
                "applicationId" bigint, type text, "channelId" bigint, "threadId" bigint, count int, payload jsonb
              )`
            },
          }),
        )
      const result = await retried(attempt)
      if (emitted) eventsWritten()
      return result
    },
    async batch(work) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        const result = await work(toBatch(client))
        await client.query('commit')
        client.release()
        return result
      } catch (error) {
        // Closing the connection ends the transaction, whatever state it is in.
        client.release(true)
        throw error
      }
    },
    onEvents(listener) {
      eventsWritten = listener
    },
    eventsWritten: () => eventsWritten(),
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
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

function querier(client: pg.Pool | pg.PoolClient): Querier {
  return {
    async query({ name, text }, values) {
      const statement = {
        ...(name !== undefined && { name }),
        text,
        values,
        rowMode: 'array',
        types,
      } as const
      return (await client.query(statement)).rows
    },
    async all(statement, values) {
      const rows = await this.query(statement, values)
      return rows.map((row) => statement.columns.read(row, 0))
    },
    async one(statement, values) {
      const [row] = await this.query(statement, values)
      return row && statement.columns.read(row, 0)
    },
  }
}

function toBatch(client: pg.PoolClient): Batch {
  return {
    ...querier(client),
    async copy(statement, rows) {
      const copy = client.query(copyFrom(statement))
      copy.end(rows)
      await finished(copy)
    },
  }
}

/**
 * A JSON value as a parameter. Customers' JSON goes this way and not through Prisma's Json type, which loses keys
 * such as `__proto__`.
 */
export function toJsonb(value: unknown): Prisma.Sql {
  return Prisma.sql`${JSON.stringify(value)}::jsonb`
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
