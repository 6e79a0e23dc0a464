// Assigns new ids to the rows of a world, so that a copy can exist beside them: ids, references to them, and positions
// among them, in any cell. Their order is preserved.
import { v4 as uuid } from 'uuid'
import type { JobInput } from '#data/jobs/jobs.ts'
import type { StoredFile, StoredMention } from '#data/rows.ts'
import type { Meaning, Space } from '#data/worlds/spaces.ts'
import { type KeptTable, keptTables } from '#data/worlds/tables.ts'

/** Cells by column name, as in JSON. */
type RowCells = Record<string, unknown>
export type RowsByTable = Map<string, RowCells[]>

const meanings = new Map(
  keptTables.flatMap(({ numbers }) =>
    Object.values(numbers).map((meaning) => {
      const [, how, space = meaning] = /^(once|through|from) (.+)$/.exec(meaning) ?? []
      const isOfSpace = !['application', 'counted', 'plain'].includes(meaning)
      return [meaning, { how, space: isOfSpace ? (space as Space) : undefined }]
    }),
  ),
)

/** Returns the ids that rows have or refer to, by space and in ascending order; each needs a new one. */
export function numbersIn(rows: RowsByTable): Map<Space, number[]> {
  const found = new Map<Space, Set<number>>()
  for (const { name, numbers } of keptTables) {
    for (const [column, meaning] of Object.entries(numbers)) {
      const { space, how } = meanings.get(meaning) ?? {}
      if (!space || how === 'through' || how === 'from') continue
      const set = found.get(space) ?? new Set()
      found.set(space, set)
      for (const { [column]: number } of rows.get(name) ?? []) if (typeof number === 'number') set.add(number)
    }
  }
  return new Map([...found].map(([space, set]) => [space, [...set].sort((a, b) => a - b)]))
}

/** The old ids of each space and the new one of each, both in ascending order. */
export type Given = Map<Space, { old: number[]; given: number[] }>

/** Maps the old numbers of a space to new ones. */
export interface Numbers {
  /** Returns the new id; 0, which no row has, for a row that no longer exists and is only referred to within a cell. */
  id(space: Space, number: number): number
  /** Returns the new id of the last row up to this id; 0 if there is none. */
  through(space: Space, number: number): number
  /** Returns the new id of the first row from this id on; the largest integer if there is none. */
  from(space: Space, number: number): number
}

/** Maps each number that is listed. */
function listed(given: Given): Numbers {
  const ids = new Map(
    [...given].map(([space, { old, given }]) => [
      space,
      new Map(old.map((number, at) => [number, given[at] as number])),
    ]),
  )
  const at = (space: Space, find: (old: number[]) => number) => {
    const { old = [], given: numbers = [] } = given.get(space) ?? {}
    return numbers[find(old)]
  }
  return {
    id: (space, number) => ids.get(space)?.get(number) ?? 0,
    through: (space, number) => at(space, (old) => old.findLastIndex((each) => each <= number)) ?? 0,
    from: (space, number) =>
      at(space, (old) => old.findIndex((each) => each >= number)) ?? Number.MAX_SAFE_INTEGER,
  }
}

/** All ids from the least to the most, whether or not a row has them. */
export interface Range {
  least: number
  most: number
  /** The new number of the least. */
  first: number
}

/** Shifts all numbers of a space by the same amount, however many they are. */
export function shifted(ranges: ReadonlyMap<Space, Range>): Numbers {
  return {
    id(space, number) {
      const { least, most, first } = ranges.get(space) ?? nowhere
      return number < least || number > most ? 0 : number - least + first
    },
    through(space, number) {
      const { least, most, first } = ranges.get(space) ?? nowhere
      return number < least ? 0 : Math.min(number, most) - least + first
    },
    from(space, number) {
      const { least, most, first } = ranges.get(space) ?? nowhere
      return number > most ? Number.MAX_SAFE_INTEGER : Math.max(number, least) - least + first
    },
  }
}

const nowhere: Range = { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY, first: 0 }

/** Returns the rows with new ids, and the new keys of files by their old ones. */
export function renumber(
  rows: RowsByTable,
  applicationId: number,
  given: Given,
  { areKeysKept }: { areKeysKept: boolean },
): { rows: RowsByTable; keys: Map<string, string> } {
  const numbering = new Numbering(applicationId, listed(given), { areKeysKept })
  const renumbered = keptTables.map((table): [string, RowCells[]] => [
    table.name,
    (rows.get(table.name) ?? []).map((row) => numbering.row(table, row)).filter((row) => row !== undefined),
  ])
  return { rows: new Map(renumbered), keys: numbering.keys }
}

/** Replaces ids and keys within cells. Rows may come from a file, so that cells may have any content. */
const renumberWithin: Record<string, (row: RowCells, numbering: Numbering) => void> = {
  user(row, numbering) {
    if (typeof row.picture_url !== 'string') return
    row.picture_url = row.picture_url.replace(/(?<=^\/v1\/files\/)[^/]+/, (key) => numbering.key(key))
  },
  channel(row, numbering) {
    if (typeof row.member_set !== 'string') return
    const ids = row.member_set.split(',').map((id) => numbering.id('user', Number(id)))
    row.member_set = ids.join(',')
  },
  message(row, numbering) {
    const file = row.file as StoredFile | null
    if (file?.type === 'HOSTED') row.file = { ...file, key: numbering.key(file.key) }
    if (!Array.isArray(row.mentions)) return
    row.mentions = (row.mentions as StoredMention[]).map((mention) => ({
      ...mention,
      id: numbering.id(mention.type === 'USER' ? 'user' : 'channel', mention.id),
    }))
  },
  read_span(row, numbering) {
    if (Array.isArray(row.later_ids))
      row.later_ids = row.later_ids.map((id) => numbering.from('message', Number(id)))
  },
  job(row, numbering) {
    const { fileKey, channelId, ...input } = row.input as JobInput
    row.input = {
      ...input,
      ...(fileKey !== undefined && { fileKey: numbering.key(fileKey) }),
      ...(channelId !== undefined && { channelId: numbering.id('channel', channelId) }),
    }
  },
}

/** By the first word of a counter's scope. */
const countedIn: Record<string, Space> = { channel: 'channel', thread: 'message', function: 'function' }

export class Numbering {
  /** New keys of files and other globally unique values, by the old ones. */
  readonly keys: Map<string, string>
  readonly #applicationId: number
  readonly #numbers: Numbers
  readonly #areKeysKept: boolean

  /** @param keys new keys that are already known, by the old ones */
  constructor(
    applicationId: number,
    numbers: Numbers,
    { areKeysKept = false, keys = new Map<string, string>() } = {},
  ) {
    this.#applicationId = applicationId
    this.#numbers = numbers
    this.#areKeysKept = areKeysKept
    this.keys = keys
  }

  /** Returns the row with new ids; undefined if nothing of it is left. */
  row({ name, numbers, unique = [] }: KeptTable, old: RowCells): RowCells | undefined {
    const row = { ...old }
    for (const [column, meaning] of Object.entries(numbers)) {
      if (typeof row[column] === 'number') row[column] = this.#number(meaning, row[column], old)
    }
    for (const column of unique) row[column] = this.key(String(row[column]))
    renumberWithin[name]?.(row, this)
    // A read span is empty if all of its messages are gone.
    return name === 'read_span' && Number(row.from_id) > Number(row.through_id) ? undefined : row
  }

  id(space: Space, number: number): number {
    return this.#numbers.id(space, number)
  }

  from(space: Space, number: number): number {
    return this.#numbers.from(space, number)
  }

  key(key: string): string {
    const known = this.keys.get(key) ?? (this.#areKeysKept ? key : uuid())
    this.keys.set(key, known)
    return known
  }

  #number(meaning: Meaning, number: number, row: RowCells): number {
    if (meaning === 'application') return this.#applicationId
    if (meaning === 'counted') {
      const space = countedIn[String(row.scope).split('.')[0] ?? '']
      return space ? this.id(space, number) : this.#applicationId
    }
    const { how, space } = meanings.get(meaning) ?? {}
    if (!space) return number
    if (how === 'through') return this.#numbers.through(space, number)
    return how === 'from' ? this.#numbers.from(space, number) : this.id(space, number)
  }
}
