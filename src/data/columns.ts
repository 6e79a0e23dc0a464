// Describes the columns of a statement. One description provides both the SQL text and the reader of the cells, so that
// they cannot diverge. Rows are arrays, which are read twice as fast as objects for a page of rows. Readers are
// compiled, so that reading a cell costs no more than in handwritten code.
import type { Row } from '#data/database.ts'

/** The type of a column, and of its cells after reading. */
export interface Type<T> {
  /** The type's name in Postgres. */
  readonly name: string
  readonly isNullable: boolean
  /** Whether null is read as undefined. */
  readonly isOptional?: true
  /** Only for the compiler: the type of a cell. */
  readonly cell?: T
}

export type CellOf<C> = C extends Type<infer T> ? T : never

const type = <T>(name: string): Type<T> => ({ name, isNullable: false })

export const bool = type<boolean>('bool')
/** A smallint or integer. */
export const int4 = type<number>('int4')
/** Values up to 2^53, which covers all our ids and counts. */
export const int8 = type<number>('int8')
export const text = type<string>('text')
export const uuid = type<string>('uuid')
export const bytea = type<Buffer<ArrayBuffer>>('bytea')
/** ISO 8601 in UTC, with milliseconds. */
export const timestamptz = type<string>('timestamptz')
/** Text that a check constraint in the database limits to a few values. */
export const oneOf = <T extends string>(): Type<T> => type<T>('text')
/** Cells are not validated again: they were when written. */
export const jsonb = <T>(): Type<T> => type<T>('jsonb')
export const nullable = <T>({ name }: Type<T>): Type<T | null> => ({ name, isNullable: true })
/** A nullable type whose nulls are read as undefined, for optional properties of resources. */
export const optional = <T>({ name }: Type<T>): Type<T | undefined> => ({
  name,
  isNullable: true,
  isOptional: true,
})

/** Adjacent columns of a statement, and the value that their cells are read as. */
export interface Columns<T> {
  /** SQL: the select list. */
  readonly text: string
  /** The number of cells. */
  readonly width: number
  /** Reads the cells that begin at index `at`. */
  read(row: Row, at: number): T
  /** Set for a single cell that is read unchanged, which groups read without a call. */
  readonly isCell?: true
}

export type ReadBy<C> = C extends Columns<infer T> ? T : never
type Parts = Record<string, Columns<unknown>>
type ReadByAll<P extends Parts> = { [K in keyof P]: ReadBy<P[K]> }

/** Describes one column by its type and SQL expression. */
export function column<T>({ isOptional }: Type<T>, expression: string): Columns<T> {
  if (isOptional) return { text: expression, width: 1, read: (row, at) => (row[at] ?? undefined) as T }
  return { text: expression, width: 1, read: (row, at) => row[at] as T, isCell: true }
}

/** Combines columns or groups of columns into an object with a property for each. */
export function select<P extends Parts>(parts: P): Columns<ReadByAll<P>> {
  const values = Object.values(parts)
  let width = 0
  const members = Object.entries(parts).map(([key, part], index) => {
    const at = width
    width += part.width
    return `${JSON.stringify(key)}: ${part.isCell ? `row[at + ${at}]` : `parts[${index}].read(row, at + ${at})`}`
  })
  // One object literal, so that all objects share one hidden class.
  const read = new Function('parts', `return (row, at) => ({ ${members.join(', ')} })`)(values)
  return { text: values.map((part) => part.text).join(', '), width, read }
}

/** The columns of a table by their names in camelCase. */
export type Shape = Record<string, Type<unknown>>
type ColumnsOf<S extends Shape> = { [K in keyof S]: Columns<CellOf<S[K]>> }

/** Describes the columns of a table or an alias. */
export function columnsOf<S extends Shape>(shape: S, alias: string): ColumnsOf<S> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, type]) => [
      key,
      column(type, `${alias}.${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`),
    ]),
  ) as ColumnsOf<S>
}

/** Returns the same columns, with `change` applied to the value. */
export function mapped<T, U>({ text, width, read }: Columns<T>, change: (read: T) => U): Columns<U> {
  return { text, width, read: (row, at) => change(read(row, at)) }
}

/** Describes columns of an outer join: undefined if the first cell is null, that is, if no row was found. */
export function joined<T>({ text, width, read }: Columns<T>): Columns<T | undefined> {
  return { text, width, read: (row, at) => (row[at] === null ? undefined : read(row, at)) }
}

/** A row of a list statement: an item and the length of the whole list. */
export interface Listed<T> {
  total: number
  /** Undefined if the page is empty. */
  item: T | undefined
}

/**
 * Describes the rows of a statement that joins `item`, its place and then these columns, to `listed` with the `total`.
 * Not compiled, because list statements are composed anew for each request.
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
