// Of which tables a dump has which rows: all that is not over within minutes, or found anew by a server that starts.
import { columnsOf, type KeptTable, keptTables, tableOf, type WithoutRows } from '#data/worlds/tables.ts'

export type DumpedTable = Pick<KeptTable, 'name' | 'columns' | 'of' | 'when' | 'source' | 'taken'>

/**
 * By the models that no world has rows of: SQL for those of the application `$1`; all of them, in dumps of the server or
 * in every dump; null leaves them out.
 */
const others = {
  Application: { of: 't.id = $1' },
  Credential: { of: 't.application_id = $1' },
  AccessToken: { of: 't.application_id = $1' },
  /** What secrets of the rows are sealed with. */
  EncryptionKey: 'of every dump',
  Operator: 'of the server',
  AdminKey: 'of the server',
  AuditEntry: 'of the server',
  /** What is folded anew, for it is not over. */
  StatisticsDue: 'of the server',
  /** Operators sign in again. */
  OperatorSession: null,
  SignInAttempt: null,
  /** Who leads, what was published, and what only tests make. */
  Lease: null,
  EventLog: null,
  World: null,
  Snapshot: null,
} satisfies Record<WithoutRows, Which>

type Which = { of: string } | 'of every dump' | 'of the server' | null

const entries = Object.entries(others) as [WithoutRows, Which][]

/** They refer to nothing but their application. */
const statistics: DumpedTable[] = (['StatisticsBucket', 'RequestHour'] as const).map((model) => ({
  name: tableOf(model),
  columns: columnsOf(model),
  of: 't.application_id = $1',
}))
export const statisticsTables: ReadonlySet<string> = new Set(statistics.map(({ name }) => name))

/** The rows of an application, in an order in which each comes after those that it refers to. */
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

/** All of whose rows every dump has, and those of which only a dump of the server has any. */
export const tablesOfEveryDump = allOf('of every dump')
export const tablesOfServer = allOf('of the server')

export const dumpedTables = new Map(
  [...tablesOfEveryDump, ...tablesOfServer, ...tablesOfApplication].map((table) => [table.name, table]),
)
