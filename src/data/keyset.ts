// Lists that are read in parts: each part begins after the last item of the previous one, so that later parts cost no
// more than the first.
import { type Columns, column, int4, int8, optional, select, text } from '#data/columns.ts'
import type { Querier } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { refused } from '#errors.ts'
import type { ListPart } from '#resources/admin/list.ts'

const { sql, join, raw, empty } = Prisma

/** Columns of a statement about the rows of its CTE `page`. */
export const pageColumns = {
  last: column(optional(int8), '(select max(id) from page)'),
  size: column(int4, '(select count(*)::int from page)'),
}

/** Returns the key after which the next page of up to `max` rows begins; undefined after the last page. */
export function nextAfter<K>(
  { last, size }: { last: K | undefined; size: number },
  max: number,
): K | undefined {
  return size < max ? undefined : last
}

/** Characters of the rows that background work reads at once: its heap is small (decision 23). */
const foundCharactersMax = 4_000_000

/**
 * SQL text: the CTE `found` has the rows of a query with the numeric column `id`, in its order, and `before`: the
 * characters in these columns of the rows before.
 */
export const foundPart = (columns: string[], query: string) => `
  found as materialized (
    select *, sum(characters) over (order by id) - characters as before from (
      select *, ${columns.map((name) => `coalesce(length("${name}"::text), 0)`).join(' + ')} as characters
      from (${query}) matching
    ) sized
  )`

/** SQL text: whether there is room for a row of `found`; there is for the first in any case. */
export const hasRoom = `before < ${foundCharactersMax}`

/** Column of a statement with `found`: how many rows it has. */
export const foundColumn = column(int4, '(select count(*)::int from found)')

/** Returns the key after which the next page begins if there was no room for some of the rows found on this one. */
export function nextAfterFound(
  {
    last,
    size,
    found,
    rows,
  }: { last?: number | undefined; size: number; found: number; rows: { id: number }[] },
  max: number,
): number | undefined {
  return rows.length < found ? rows.at(-1)?.id : nextAfter({ last, size }, max)
}

/** Which part of a list to read. */
export interface KeysetRequest {
  /** Maximum number of items. */
  limit: number
  /** The `next` of the part before; the list's first part if absent. */
  cursor?: string | undefined
}

/** What a list consists of, in which order, as parts of a statement. */
export interface KeysetList<E> {
  from: Prisma.Sql
  /** Conditions, all of which must be met. */
  where: Prisma.Sql[]
  /** SQL expressions by which items are ordered, with their types; the last one must be unique. */
  key: [expression: string, type: 'bigint' | 'text' | 'timestamptz'][]
  descending: boolean
  columns: Columns<E>
}

/** Returns the part of a list after the cursor. @throws ChatError 400 for an invalid cursor */
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

/** A period in ISO 8601; the end is exclusive. An undefined limit is open. */
export interface Period {
  from?: string | undefined
  to?: string | undefined
}

/** The first range to search, and the factor by which the next ones are larger. */
const firstMs = 60 * 60 * 1000
const growth = 8

/**
 * Lists items of a period, newest first, from a table whose rows are stored in the order of their time, with a BRIN
 * index on it. Searches the hour before the end or the cursor, then a range eight times as long, until it has a page,
 * so that newer rows cost nothing: a page of a day followed by 5 million messages took 1 s with the index on ids.
 * @param list its key must be time and id, and its conditions must not restrict the period
 * @param now the time of the clock, in milliseconds
 * @throws ChatError 400 for an invalid cursor
 */
export async function listKeysetOfPeriod<E>(
  db: Querier,
  list: KeysetList<E>,
  { from, to }: Period,
  now: number,
  request: KeysetRequest,
): Promise<ListPart<E>> {
  const time = raw(list.key[0]?.[0] ?? '')
  const last = request.cursor === undefined ? undefined : readKey(request.cursor, list.key)[0]
  const end = last ?? to
  const oldest = from === undefined ? 0 : Math.max(0, Date.parse(from)) // one range covers all times before 1970
  const endMs = end === undefined ? now : Date.parse(end)
  for (let ms = firstMs; ; ms *= growth) {
    const begin = endMs - ms
    const isAll = begin <= oldest
    const since = isAll ? from : new Date(begin).toISOString()
    const part = await listKeyset(
      db,
      {
        ...list,
        where: [
          ...list.where,
          ...(since === undefined ? [] : [sql`${time} >= ${since}::timestamptz`]),
          ...(to === undefined ? [] : [sql`${time} < ${to}::timestamptz`]),
          ...(last === undefined ? [] : [sql`${time} <= ${last}::timestamptz`]),
        ],
      },
      request,
    )
    if (isAll || part.next !== undefined) return part
  }
}

/** Returns the key of the last item read, as SQL values. */
function readCursor(cursor: string, key: KeysetList<unknown>['key']): Prisma.Sql[] {
  return readKey(cursor, key).map((value, at) => sql`${value}::${raw(key[at]?.[1] ?? 'text')}`)
}

function readKey(cursor: string, key: KeysetList<unknown>['key']): string[] {
  const values = parse(Buffer.from(cursor, 'base64url').toString())
  const isOne =
    Array.isArray(values) &&
    values.length === key.length &&
    values.every((value, at) => typeof value === 'string' && isOfType(value, key[at]?.[1] ?? 'text'))
  if (!isOne) throw refused('list', 'cursor', 'invalid', 'cursor: must be the next of an answer before')
  return values
}

const forms = {
  bigint: /^\d{1,18}$/,
  text: /^[^\0]*$/s,
  timestamptz: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/,
}

/** Returns whether Postgres accepts the text as a value of the type. */
function isOfType(value: string, type: keyof typeof forms): boolean {
  return forms[type].test(value) && (type !== 'timestamptz' || isTime(value))
}

/** Returns whether the date and the time exist, in the format of Postgres. */
function isTime(text: string): boolean {
  const [day, time] = [text.slice(0, 10), text.slice(11, 19)]
  const ms = Date.parse(`${day}T${time}Z`)
  return day > '0001' && !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${day}T${time}`)
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
