// How statements are sent, and what their cells become.
import pg from 'pg'
import type { Querier, Statement } from '#data/database.ts'

/**
 * What is seen of statements, each by its name or else by its text, and never by its parameters. In transactions, what
 * begins and ends them is not seen.
 */
export interface Watching {
  /** Wraps the sending of each statement. */
  around?<T>(statement: string, ask: () => Promise<T>): Promise<T>
  /** Is given how long each statement was waited for. */
  took?(statement: string, ms: number): void
  /** The trace that events written now belong to, where there is one. */
  traceparent?(): string | undefined
}

/** Asks for something by the name that it is seen under. */
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

/** Sends a query, on the line of its statement where it has one. */
export type Ask = (
  query: pg.QueryArrayConfig,
  line?: Statement['line'],
) => Promise<pg.QueryArrayResult<unknown[]>>

/** Makes a querier of what sends queries. */
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

/** `2026-11-21 00:42:46.1+00` -> `2026-11-21T00:42:46.100Z`, without a Date: a page reads 25 to 75 of them. */
function isoTime(text: string): string {
  const zone = text.indexOf('+', 19)
  const fraction = text.slice(20, zone < 0 ? undefined : zone)
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
}
