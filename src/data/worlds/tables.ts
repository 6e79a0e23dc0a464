// The tables of worlds with their names in the database, derived from models.ts.
import { Prisma } from '#data/generated/client.ts'
import { type DeletedTable, type Kept, type Model, models } from '#data/worlds/models.ts'
import { ofApplication } from '#data/worlds/rows-of.ts'
import type { Meaning } from '#data/worlds/spaces.ts'

/** Models without rows of worlds described here. */
export type WithoutRows = { [M in Model]: (typeof models)[M] extends null ? M : never }[Model]

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const snakeKeys = <T>(record: Record<string, T> = {}) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [snake(key), value]))
export const tableOf = (model: string) => snake(model[0]?.toLowerCase() + model.slice(1))

export const columnsOf = (model: Model) => Object.keys(Prisma[`${model}ScalarFieldEnum`]).map(snake)

/** A table whose rows snapshots contain, with the names used in the database. */
export interface KeptTable extends Kept {
  name: string
  columns: string[]
}

/** Ordered so that each table comes after those it refers to. */
export const keptTables: KeptTable[] = Object.entries(models).flatMap(([model, table]) => {
  if (table === null || !('key' in table)) return []
  const kept: Omit<Kept, 'key' | 'numbers'> & { key: string[]; numbers: object } = table
  return {
    ...kept,
    name: tableOf(model),
    columns: columnsOf(model as Model),
    key: kept.key.map(snake),
    numbers: snakeKeys(kept.numbers as Record<string, Meaning>),
    taken: snakeKeys(kept.taken),
    unique: kept.unique ?? [],
  }
})

/** How the rows of each table of a world are found, including the audit log. */
export const clearedTables: ({ name: string } & DeletedTable)[] = [
  { name: 'audit_entry', of: ofApplication },
  ...Object.entries(models).flatMap(([model, table]) => {
    if (table === null) return []
    return { name: tableOf(model), of: table.of, ...('isWorkedOn' in table && { isWorkedOn: true as const }) }
  }),
]

/** Tables with values that only the server's keys can decrypt. */
export const sealedTables: ReadonlySet<string> = new Set(['user_secret', 'runtime', 'webhook'])
