// Which rows of which tables a dump has: all but those that expire within minutes or that a starting server recreates.
import { columnsOf, type KeptTable, keptTables, tableOf, type WithoutRows } from '#data/worlds/tables.ts'

export type DumpedTable = Pick<KeptTable, 'name' | 'columns' | 'of' | 'when' | 'source' | 'taken'>

/**
 * By the models without rows in worlds: SQL that selects the rows of the application `$1`, or whether all rows go into
 * every dump or only into dumps of the server; null leaves them out.
 */
const others = {
  Application: { of: 't.id = $1' },
  Credential: { of: 't.application_id = $1' },
  AccessToken: { of: 't.application_id = $1' },
  /** Identifies the keys that encrypt secrets in the rows. */
  EncryptionKey: 'of every dump',
  Operator: 'of the server',
  AdminKey: 'of the server',
  AuditEntry: 'of the server',
  /** What has yet to be aggregated. */
  StatisticsDue: 'of the server',
  /** Left out: operators sign in again. */
  OperatorSession: null,
  SignInAttempt: null,
  /** Left out: the leader, published events, and what only tests create. */
  Lease: null,
  EventLog: null,
  World: null,
  Snapshot: null,
} satisfies Record<WithoutRows, Which>

type Which = { of: string } | 'of every dump' | 'of the server' | null

const entries = Object.entries(others) as [WithoutRows, Which][]

/** These tables refer to nothing but their application. */
const statistics: DumpedTable[] = (['StatisticsBucket', 'RequestHour'] as const).map((model) => ({
  name: tableOf(model),
  columns: columnsOf(model),
  of: 't.application_id = $1',
}))
export const statisticsTables: ReadonlySet<string> = new Set(statistics.map(({ name }) => name))

/** The tables of an application, ordered so that each row comes after those it refers to. */
export const tablesOfApplication: DumpedTable[] = [
  ...entries.flatMap(([model, rows]) =>
    typeof rows === 'object' && rows !== null
      ? [{ name: tableOf(model), columns: columnsOf(model), of: rows.of }]
      : [],
  ),
  ...keptTables,
  ...statistics,
]

const allOf = (which: Which): DumpedTable[] =>
  entries.flatMap(([model, rows]) =>
    rows === which ? [{ name: tableOf(model), columns: columnsOf(model), of: 'true' }] : [],
  )

/** Tables that every dump has with all rows, and those that only a dump of the server has. */
export const tablesOfEveryDump = allOf('of every dump')
export const tablesOfServer = allOf('of the server')

export const dumpedTables = new Map(
  [...tablesOfEveryDump, ...tablesOfServer, ...tablesOfApplication].map((table) => [table.name, table]),
)
