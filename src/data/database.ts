// The one pool, and the two ways to speak to it: Prisma for ordinary reads and writes, plain SQL for hot statements
// and for lists.
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from '#data/generated/client.ts'
import type { EventDraft } from '#resources/events.ts'

/** A statement with a name is prepared once per connection. */
export interface Statement {
  name?: string
  text: string
}

/** Cells in the order of the statement's columns: bigint as number, timestamptz as ISO text, jsonb parsed. */
export type Row = readonly unknown[]

export interface Db {
  prisma: PrismaClient
  query(statement: Statement, values: unknown[]): Promise<Row[]>
}

/** What takes one may write; what it emits is told if, and only if, the transaction commits. */
export interface Tx {
  prisma: Prisma.TransactionClient
  emit(...events: EventDraft[]): Promise<void>
}

export interface Database extends Db {
  pool: pg.Pool
  /** Runs `work` in one transaction; a throw rolls it back. */
  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T>
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
  pool.on('error', onError)
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { timeout: transactionTimeoutMs, maxWait: transactionTimeoutMs },
  })
  let eventsWritten = () => {}

  return {
    pool,
    prisma,
    async query(statement, values) {
      const result = await pool.query({ ...statement, values, rowMode: 'array', types })
      return result.rows
    },
    async transact(work) {
      let emitted = false
      const result = await prisma.$transaction((client) =>
        work({
          prisma: client,
          async emit(...events) {
            if (events.length === 0) return
            emitted = true
            await client.outboxEvent.createMany({ data: events.map(toOutboxRow) })
          },
        }),
      )
      if (emitted) eventsWritten()
      return result
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

function toOutboxRow(event: EventDraft) {
  return {
    applicationId: BigInt(event.applicationId),
    type: event.type,
    count: event.count ?? 0,
    payload: (event.payload ?? {}) as Prisma.InputJsonObject,
    channelId: event.channelId === undefined ? null : BigInt(event.channelId),
    threadId: event.threadId === undefined ? null : BigInt(event.threadId),
  }
}

/**
 * A JSON value as a parameter. Customers' JSON goes this way and not through Prisma's Json type, which loses keys
 * such as `__proto__`.
 */
export function toJsonb(value: unknown): Prisma.Sql {
  return Prisma.sql`${JSON.stringify(value)}::jsonb`
}

/** Whether a statement failed because the row it needs is gone (foreign key) or there already (unique). */
export function isConstraintError(error: unknown, kind: 'unique' | 'foreign_key'): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false
  return (
    error.code === (kind === 'unique' ? 'P2002' : 'P2003') ||
    error.code === (kind === 'unique' ? '23505' : '23503')
  )
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
