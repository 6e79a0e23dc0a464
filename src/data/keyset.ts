// Lists that are read piece by piece: each begins behind the last item of the one before, so that no piece costs more
// than the first.
import { type Columns, column, select, text } from '#data/columns.ts'
import type { Querier } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { refused } from '#errors.ts'
import type { ListPart } from '#resources/admin/list.ts'

const { sql, join, raw, empty } = Prisma

export interface KeysetRequest {
  limit: number
  cursor?: string | undefined
}

export interface KeysetList<E> {
  from: Prisma.Sql
  where: Prisma.Sql[]
  /** SQL expressions that order the items, with their types; the last one is unique. */
  key: [expression: string, type: 'bigint' | 'text' | 'timestamptz'][]
  descending: boolean
  columns: Columns<E>
}

/** @throws ChatError 400 for a cursor that is none */
export async function listKeyset<E>(
  db: Querier,
  { from, where, key, descending, columns }: KeysetList<E>,
  { limit, cursor }: KeysetRequest,
): Promise<ListPart<E>> {
  const expressions = raw(key.map(([expression]) => expression).join(', '))
  const conditions = [
    ...where,
    ...(cursor === undefined
      ? []
      : [sql`(${expressions}) ${raw(descending ? '<' : '>')} (${join(readCursor(cursor, key))})`]),
  ]
  const order = raw(key.map(([expression]) => `${expression} ${descending ? 'desc' : 'asc'}`).join(', '))
  const read = select({
    key: column(
      text,
      `json_build_array(${key.map(([expression]) => `(${expression})::text`).join(', ')})::text`,
    ),
    item: columns,
  })
  const query = sql`
    select ${raw(read.text)} from ${from}
    ${conditions.length === 0 ? empty : sql`where ${join(conditions, ' and ')}`}
    order by ${order} limit ${limit + 1}::int`
  const rows = await db.all({ text: query.text, columns: read }, query.values)
  const isMore = rows.length > limit
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(({ item }) => item),
    ...(isMore && last && { next: Buffer.from(last.key).toString('base64url') }),
  }
}

/** The values of the key of the last item that was read. */
function readCursor(cursor: string, key: KeysetList<unknown>['key']): Prisma.Sql[] {
  const values = parse(Buffer.from(cursor, 'base64url').toString())
  const isOne =
    Array.isArray(values) &&
    values.length === key.length &&
    values.every((value, at) => typeof value === 'string' && forms[key[at]?.[1] ?? 'text'].test(value))
  if (!isOne) throw refused('list', 'cursor', 'invalid', 'cursor: must be the next of an answer before')
  return values.map((value, at) => sql`${value}::${raw(key[at]?.[1] ?? 'text')}`)
}

const forms = {
  bigint: /^\d{1,18}$/,
  text: /^[^\0]*$/s,
  timestamptz: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/,
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
