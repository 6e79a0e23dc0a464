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

/** Finds what a statement reads of an application ($1) by its id, or by whatever else $2 is. */
export function finder<T, K = number>(statement: Reading<T>) {
  return (db: Querier, applicationId: number, key: K): Promise<T | undefined> =>
    db.one(statement, [applicationId, key])
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
