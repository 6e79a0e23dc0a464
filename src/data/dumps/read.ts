// Streams rows as lines of a dump by COPY, as of one moment, while others read and write.
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import type { Database } from '#data/database.ts'
import {
  type DumpedTable,
  tablesOfApplication,
  tablesOfEveryDump,
  tablesOfServer,
} from '#data/dumps/tables.ts'
import { inSnapshot } from '#data/transaction.ts'
import { sequenceOf, spaces } from '#data/worlds/spaces.ts'

/** The rows of one table that belong to one application, or to the server. */
export interface TableOfDump {
  name: string
  /** Yields lines of the form `["user",{…}]` in chunks of any size. Only one table may be read at a time. */
  lines(): AsyncIterable<Buffer>
}

export interface DumpSource {
  applications: { id: number; name: string }[]
  /** Returns the keys of the files whose bytes belong to the application. */
  fileKeys(applicationId: number): Promise<string[]>
  /** Returns the lowest and the highest id of an application's rows, by table. */
  ids(applicationId: number): Promise<Record<string, [number, number]>>
  tablesOf(applicationId: number): TableOfDump[]
  /** Returns tables of no application. @param isWhole whether to include those that only a dump of the server has */
  otherTables(isWhole: boolean): TableOfDump[]
  /** Returns the last number drawn from each sequence, which no id in the rows exceeds. */
  sequences(): Promise<Record<string, number>>
}

/** Calls `work` with a snapshot of the database as it is now, however long it takes. */
export function withSnapshot<T>(db: Database, work: (source: DumpSource) => Promise<T>): Promise<T> {
  return inSnapshot(db.pool, async (client) => work(await sourceOf(client)))
}

async function sourceOf(client: pg.PoolClient): Promise<DumpSource> {
  const ask = async (text: string) => (await client.query<Record<string, string>>(text)).rows
  const applications = await ask('select id, name from application where closed_time is null order by id')
  const tableOf = (table: DumpedTable, id = 0): TableOfDump => ({
    name: table.name,
    lines: () => client.query(copyTo(linesOf(table, id))),
  })
  return {
    applications: applications.map(({ id, name = '' }) => ({ id: Number(id), name })),
    async fileKeys(id) {
      const { of, when } = tablesOfApplication.find(({ name }) => name === 'file') as DumpedTable
      const rows = await ask(bound(`select t.key from file t where ${both(of, when)} order by t.id`, id))
      return rows.map(({ key = '' }) => key)
    },
    async ids(id) {
      const numbered = tablesOfApplication.filter(({ columns }) => columns.includes('id'))
      const rows = await ask(
        numbered
          .map(({ name, of, when }) =>
            bound(
              `select '${name}' as name, min(t.id), max(t.id) from "${name}" t where ${both(of, when)}`,
              id,
            ),
          )
          .join(' union all '),
      )
      return Object.fromEntries(
        rows.flatMap(({ name, min, max }) => (min == null ? [] : [[name, [Number(min), Number(max)]]])),
      )
    },
    tablesOf: (id) => tablesOfApplication.map((table) => tableOf(table, id)),
    otherTables: (isWhole) =>
      [...tablesOfEveryDump, ...(isWhole ? tablesOfServer : [])].map((table) => tableOf(table)),
    async sequences() {
      const names = [...new Set([...sequencesOfServer, ...spaces.map(sequenceOf)])]
      const values = names.map((name) => `coalesce(pg_sequence_last_value('${name}'), 0) as "${name}"`)
      const [row = {}] = await ask(`select ${values.join(', ')}`)
      return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]))
    },
  }
}

const sequencesOfServer = [
  'application_id_seq',
  ...tablesOfServer.filter(({ columns }) => columns.includes('id')).map(({ name }) => `${name}_id_seq`),
]

/** These characters never occur unescaped in JSON text, so COPY changes nothing. */
const asItIs = `(format csv, delimiter E'\\x02', quote E'\\x01')`

function linesOf({ name, columns, of, when, source, taken = {} }: DumpedTable, id: number): string {
  const list = columns.map((each) => `${taken[each] ?? `t."${each}"`} as "${each}"`).join(', ')
  const from = source ? `${source} t` : `"${name}" t where ${both(of, when)}`
  const rows = `select ${list} from ${from}`
  return bound(
    `copy (select '["${name}",' || row_to_json(r)::text || ']' from (${rows}) r) to stdout ${asItIs}`,
    id,
  )
}

const both = (of: string, when: string | undefined) => (when ? `${of} and ${when}` : of)

/** Inlines the id, because COPY takes no parameters. @param id an integer */
function bound(text: string, id: number): string {
  return text.replaceAll('$1', () => String(BigInt(id)))
}
