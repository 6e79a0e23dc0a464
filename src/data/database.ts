// The two ways to speak to the database: Prisma for plain reads and writes of one row, and statements, in a transaction
// or without.
import type pg from 'pg'
import type { Columns } from '#data/columns.ts'
import type { PrismaClient } from '#data/generated/client.ts'
import type { EventDraft } from '#resources/events.ts'

/** A statement with a name is prepared once per connection. */
export interface Statement {
  name?: string
  text: string
  /**
   * The shared connections on which it is pipelined, see lanes.ts: `reads` for statements that read a few rows by their
   * keys, however large the tables are; `sends` for those that store messages; `events` for those that take events.
   * Without it, the statement waits for a connection of its own.
   */
  line?: 'reads' | 'sends' | 'events'
}

/** Cells in the order of the statement's columns: bigint as number, timestamptz as ISO text, jsonb parsed. */
export type Row = readonly unknown[]

/** A statement with a description of its columns. */
export interface Reading<T> extends Statement {
  columns: Columns<T>
}

/** Composes a statement from the description of its columns and the rest of its text. */
export function reading<T>(
  name: string,
  columns: Columns<T>,
  compose: (columns: string) => string,
): Reading<T> {
  return { name, text: compose(columns.text), columns }
}

/** The same for a statement that reads a few rows by their keys. */
export function readingByKey<T>(
  name: string,
  columns: Columns<T>,
  compose: (columns: string) => string,
): Reading<T> {
  return readsByKey(reading(name, columns, compose))
}

/** Marks a statement that reads a few rows by their keys. */
export function readsByKey<S extends Statement>(statement: S): S {
  return { ...statement, line: 'reads' }
}

/** Runs statements: either the database, where each is a transaction of its own, or one transaction. */
export interface Querier {
  query(statement: Statement, values: unknown[]): Promise<Row[]>
  /** Returns all rows. */
  all<T>(statement: Reading<T>, values: unknown[]): Promise<T[]>
  /** Returns the first row, or undefined if there is none. */
  one<T>(statement: Reading<T>, values: unknown[]): Promise<T | undefined>
  /** Returns the first row of a statement that always has one, such as an insert. @throws if there is none */
  single<T>(statement: Reading<T>, values: unknown[]): Promise<T>
  /** Returns the number of rows that were written, or read if the statement writes none. */
  run(statement: Statement, values: unknown[]): Promise<number>
}

/** Returns a function that reads the row of an application ($1) by an id or another key ($2). */
export function finder<T, K = number>(statement: Reading<T>) {
  const byKey = readsByKey(statement)
  return (db: Querier, applicationId: number, key: K): Promise<T | undefined> =>
    db.one(byKey, [applicationId, key])
}

export interface Db extends Querier {
  /** For plain reads and writes of one row, outside transactions. */
  prisma: PrismaClient
  /** Registers a listener for lost connections. The next may lead to another database, so cached rows may be wrong. */
  onLost(listener: () => void): void
}

/** A transaction; functions that take one may write. */
export interface Tx extends Querier {
  /** Inserts rows in the text format of COPY. */
  copy(statement: string, rows: string): Promise<void>
  /** Writes events, which are published if and only if the transaction commits. */
  emit(...events: EventDraft[]): Promise<void>
}

export interface Database extends Db {
  pool: pg.Pool
  /**
   * Runs `work` in one transaction, which is rolled back if `work` throws. It is retried after a transient error such
   * as a deadlock, so `work` may run more than once. No statement or pause in it may take more than 30 s.
   */
  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The same without foreign key checks and with cached plans of large statements, for worlds. See rewriting.ts. */
  rewrite<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The same on connections of its own: while all others are busy, the database is not down. */
  monitor<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Registers a listener that is called after each commit that wrote events, with those emitted by the transaction. */
  onEvents(listener: (emitted: EventDraft[]) => void): void
  /** Notifies the listeners that a statement has written events. */
  eventsWritten(): void
  close(): Promise<void>
}

/** The URL of the database; a function if it is only known when the first statement runs. */
export type DatabaseUrl = string | (() => string)
