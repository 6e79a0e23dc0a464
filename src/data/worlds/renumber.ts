// Gives the rows of a world other numbers, so that a copy of them can be beside them: ids, what refers to them, and
// positions among them, wherever they stand. Order is kept.
import { v4 as uuid } from 'uuid'
import type { JobInput } from '#data/jobs/jobs.ts'
import type { StoredFile, StoredMention } from '#data/rows.ts'
import { keptTables, type Meaning, type Space } from '#data/worlds/tables.ts'

/** Cells by the names of their columns, as JSON has them. */
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

/** The numbers that rows have or name, by their space and in order: each needs another. */
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

/** What each old number of a space becomes; both are in order. */
export type Given = Map<Space, { old: number[]; given: number[] }>

/** The rows with the numbers they are given, and the keys of files as they were and are. */
export function renumber(
  rows: RowsByTable,
  applicationId: number,
  given: Given,
  { areKeysKept = false } = {},
): { rows: RowsByTable; keys: Map<string, string> } {
  const numbering = new Numbering(applicationId, given, areKeysKept)
  const renumbered = keptTables.map(({ name, numbers, unique = [] }): [string, RowCells[]] => [
    name,
    (rows.get(name) ?? []).flatMap((old) => {
      const row = { ...old }
      for (const [column, meaning] of Object.entries(numbers)) {
        if (typeof row[column] === 'number') row[column] = numbering.number(meaning, row[column], old)
      }
      for (const column of unique) row[column] = numbering.key(String(row[column]))
      renumberWithin[name]?.(row, numbering)
      // Of a span of messages that are all gone, nothing is left.
      return name === 'read_span' && Number(row.from_id) > Number(row.through_id) ? [] : [row]
    }),
  ])
  return { rows: new Map(renumbered), keys: numbering.keys }
}

/** Numbers and keys that stand within cells. Rows may come from a file, and have anything there. */
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
  job(row, numbering) {
    const { fileKey, channelId, ...input } = row.input as JobInput
    row.input = {
      ...input,
      ...(fileKey !== undefined && { fileKey: numbering.key(fileKey) }),
      ...(channelId !== undefined && { channelId: numbering.id('channel', channelId) }),
    }
  },
}

/** By the first word of the scope of a counter. */
const countedIn: Record<string, Space> = { channel: 'channel', thread: 'message', function: 'function' }

class Numbering {
  readonly keys = new Map<string, string>()
  readonly #applicationId: number
  readonly #given: Given
  readonly #areKeysKept: boolean
  readonly #ids: Map<Space, Map<number, number>>

  constructor(applicationId: number, given: Given, areKeysKept: boolean) {
    this.#applicationId = applicationId
    this.#given = given
    this.#areKeysKept = areKeysKept
    this.#ids = new Map(
      [...given].map(([space, { old, given }]) => [
        space,
        new Map(old.map((number, at) => [number, given[at] as number])),
      ]),
    )
  }

  number(meaning: Meaning, number: number, row: RowCells): number {
    if (meaning === 'application') return this.#applicationId
    if (meaning === 'counted') {
      const space = countedIn[String(row.scope).split('.')[0] ?? '']
      return space ? this.id(space, number) : this.#applicationId
    }
    const { how, space } = meanings.get(meaning) ?? {}
    if (!space) return number
    if (how === 'through') return this.#through(space, number)
    return how === 'from' ? this.#from(space, number) : this.id(space, number)
  }

  /** Of what is gone, and named within a cell alone, there is none: nothing has the number 0. */
  id(space: Space, number: number): number {
    return this.#ids.get(space)?.get(number) ?? 0
  }

  key(key: string): string {
    const known = this.keys.get(key) ?? (this.#areKeysKept ? key : uuid())
    this.keys.set(key, known)
    return known
  }

  /** The last number up to this one; 0 before all. */
  #through(space: Space, number: number): number {
    const { old = [], given = [] } = this.#given.get(space) ?? {}
    return given[old.findLastIndex((each) => each <= number)] ?? 0
  }

  /** The first number from this one on; beyond all behind the last. */
  #from(space: Space, number: number): number {
    const { old = [], given = [] } = this.#given.get(space) ?? {}
    return given[old.findIndex((each) => each >= number)] ?? Number.MAX_SAFE_INTEGER
  }
}
