// How statements are sent, and how their cells are parsed.
import pg from 'pg'
import type { Querier, Statement } from '#data/database.ts'

/**
 * Observes statements by their name, or by their text if they have none, never by their parameters. The statements that
 * begin and end transactions are not observed.
 */
export interface Watching {
  /** Wraps the sending of each statement. */
  around?<T>(statement: string, ask: () => Promise<T>): Promise<T>
  /** Called with the time from sending each statement to its result or error. */
  took?(statement: string, ms: number): void
  /** Returns the trace to which events written now belong, if there is one. */
  traceparent?(): string | undefined
}

/** Sends a statement, observed under the given name. */
export async function watched<T>(
  { around, took }: Watching,
  statement: string,
  ask: () => Promise<T>,
): Promise<T> {
  const since = performance.now()
  try {
    return await (around ? around(statement, ask) : ask())
  } finally {
    took?.(statement, performance.now() - since)
  }
}

/** Sends a query, on the line of its statement if it has one. */
export type Ask = (
  query: pg.QueryArrayConfig,
  line?: Statement['line'],
) => Promise<pg.QueryArrayResult<unknown[]>>

/** Creates a querier from a function that sends queries. */
export function querier(ask: Ask, watching: Watching): Querier {
  const send = ({ name, text, line }: Statement, values: unknown[]) => {
    const query = { ...(name !== undefined && { name }), text, values, rowMode: 'array' as const, types }
    return watched(watching, name ?? text, () => ask(query, line))
  }
  return {
    async query(statement, values) {
      return (await send(statement, values)).rows
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
      return (await send(statement, values)).rowCount ?? 0
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

/** Converts `2026-11-21 00:42:46.1+00` to `2026-11-21T00:42:46.100Z` without a Date: a page reads 25 to 75 of them. */
function isoTime(text: string): string {
  const zone = text.indexOf('+', 19)
  const fraction = text.slice(20, zone < 0 ? undefined : zone)
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
}
