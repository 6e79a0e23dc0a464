// What the columns of a statement are. One description gives both their SQL text and the reader of their cells, so
// that the two cannot come apart. Rows are arrays, which a page of them reads twice as fast as objects; readers are
// compiled, so that a cell costs what it costs by hand.
import type { Row } from '#data/database.ts'

/** The type of a column, and of its cell once it is read. */
export interface Type<T> {
  /** As Postgres calls it. */
  readonly name: string
  readonly isNullable: boolean
  /** Null is read as undefined. */
  readonly isOptional?: true
  /** For the compiler alone: what a cell is. */
  readonly cell?: T
}

export type CellOf<C> = C extends Type<infer T> ? T : never

const type = <T>(name: string): Type<T> => ({ name, isNullable: false })

export const bool = type<boolean>('bool')
/** A smallint or integer. */
export const int4 = type<number>('int4')
/** Up to 2^53, as all our ids and counts are. */
export const int8 = type<number>('int8')
export const text = type<string>('text')
export const uuid = type<string>('uuid')
export const bytea = type<Buffer<ArrayBuffer>>('bytea')
/** ISO 8601 in UTC, in milliseconds. */
export const timestamptz = type<string>('timestamptz')
/** Text that the database's checks keep to a few words. */
export const oneOf = <T extends string>(): Type<T> => type<T>('text')
/** What lies in it is not checked again: it was when it was written. */
export const jsonb = <T>(): Type<T> => type<T>('jsonb')
export const nullable = <T>({ name }: Type<T>): Type<T | null> => ({ name, isNullable: true })
/** Nullable, and undefined where it is null, as optional properties of resources are. */
export const optional = <T>({ name }: Type<T>): Type<T | undefined> => ({
  name,
  isNullable: true,
  isOptional: true,
})

/** Columns beside each other in a statement, and what their cells become. */
export interface Columns<T> {
  /** SQL: the select list. */
  readonly text: string
  /** How many cells it has in a row. */
  readonly width: number
  /** Reads the cells from `at` on. */
  read(row: Row, at: number): T
  /** It is one cell, as it is: readers of several take it without a call. */
  readonly isCell?: true
}

export type ReadBy<C> = C extends Columns<infer T> ? T : never
type Parts = Record<string, Columns<unknown>>
type ReadByAll<P extends Parts> = { [K in keyof P]: ReadBy<P[K]> }

/** One column: an SQL expression of a type. */
export function column<T>({ isOptional }: Type<T>, expression: string): Columns<T> {
  if (isOptional) return { text: expression, width: 1, read: (row, at) => (row[at] ?? undefined) as T }
  return { text: expression, width: 1, read: (row, at) => row[at] as T, isCell: true }
}

/** Several columns, or groups of them, beside each other; each becomes a property. */
export function select<P extends Parts>(parts: P): Columns<ReadByAll<P>> {
  const values = Object.values(parts)
  let width = 0
  const members = Object.entries(parts).map(([key, part], index) => {
    const at = width
    width += part.width
    return `${JSON.stringify(key)}: ${part.isCell ? `row[at + ${at}]` : `parts[${index}].read(row, at + ${at})`}`
  })
  // One literal, so that all that it reads have one hidden class.
  const read = new Function('parts', `return (row, at) => ({ ${members.join(', ')} })`)(values)
  return { text: values.map((part) => part.text).join(', '), width, read }
}

/** Columns of a table by their names in camelCase. */
export type Shape = Record<string, Type<unknown>>
type ColumnsOf<S extends Shape> = { [K in keyof S]: Columns<CellOf<S[K]>> }

/** The columns of a table, or of an alias that has them. */
export function columnsOf<S extends Shape>(shape: S, alias: string): ColumnsOf<S> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, type]) => [
      key,
      column(type, `${alias}.${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`),
    ]),
  ) as ColumnsOf<S>
}

/** The same columns, read as something else. */
export function mapped<T, U>({ text, width, read }: Columns<T>, change: (read: T) => U): Columns<U> {
  return { text, width, read: (row, at) => change(read(row, at)) }
}

/** Columns of an outer join: undefined where it found no row, which their first cell shows. */
export function joined<T>({ text, width, read }: Columns<T>): Columns<T | undefined> {
  return { text, width, read: (row, at) => (row[at] === null ? undefined : read(row, at)) }
}

/** What statements read that list items beside the length of the whole list. */
export interface Listed<T> {
  total: number
  /** Undefined where the page is empty. */
  item: T | undefined
}

/**
 * Of a statement that joins `item`, its place and then these columns, to `listed` with the `total`. Not compiled, for
 * what lists read is put together anew each time.
 */
export function listed<T>({ width, read }: Pick<Columns<T>, 'width' | 'read'>): Columns<Listed<T>> {
  return {
    text: 'listed.total, item.*',
    width: width + 2,
    read: (row, at) => ({
      total: row[at] as number,
      item: row[at + 1] === null ? undefined : read(row, at + 2),
    }),
  }
}
