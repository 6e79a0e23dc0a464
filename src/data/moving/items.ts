// Items read from another service. They are staged until they are written, and then remembered by their original key,
// so that nothing is written twice, however often a move is restarted.
import { bool, column, columnsOf, int8, jsonb, nullable, select, text } from '#data/columns.ts'
import { type Querier, reading, type Tx } from '#data/database.ts'
import type { MovedKind } from '#resources/moving.ts'

/** A move from one source into one application. */
export interface Move {
  applicationId: number
  /** The source, such as `chatkitty 26`. */
  source: string
}

export interface StagedItem {
  key: string
  /** The position among the items of its kind. */
  place: number
  parentKey?: string | undefined
  digest: Buffer
  content: unknown
}

/** The outcome of staging an item: it is new, its content has changed, or neither. */
export interface Staged {
  key: string
  state: 'new' | 'changed' | 'same'
}

/** Stages items to be written, except those unchanged since they were last written. Keys must be distinct. */
export async function stageRows(
  tx: Tx,
  { applicationId, source }: Move,
  kind: MovedKind,
  pass: number,
  items: StagedItem[],
): Promise<Staged[]> {
  const rows = await tx.all(stageStatement, [
    applicationId,
    source,
    kind,
    pass,
    items.map(({ key }) => key),
    items.map(({ place }) => place),
    items.map(({ parentKey }) => parentKey ?? null),
    items.map(({ digest }) => digest),
    items.map(({ content }) => JSON.stringify(content)),
  ])
  return rows.map(({ key, isNew, isPending }) => ({
    key,
    state: isNew ? 'new' : isPending ? 'changed' : 'same',
  }))
}

const stageStatement = reading(
  'stage-moved-items',
  select({
    key: column(text, 'staged.key'),
    isNew: column(bool, 'staged.id is null and staged.content is not null'),
    isPending: column(bool, 'staged.content is not null'),
  }),
  (columns) => `
    insert into moved_item as staged (application_id, source, kind, key, place, parent_key, digest, content, pass)
    select $1, $2, $3, i.key, i.place, i.parent_key, i.digest, i.content, $4
    from unnest($5::text[], $6::bigint[], $7::text[], $8::bytea[], $9::jsonb[]) i (key, place, parent_key, digest, content)
    on conflict (application_id, source, kind, key) do update set
      content = case when staged.digest = excluded.digest then staged.content else excluded.content end,
      digest = excluded.digest, pass = excluded.pass,
      parent_key = coalesce(excluded.parent_key, staged.parent_key)
    returning ${columns}`,
)

/** Sets the key of the message to which the messages with these keys reply. */
export async function setParents(
  tx: Querier,
  { applicationId, source }: Move,
  parentKey: string,
  keys: string[],
): Promise<void> {
  await tx.run(parentsStatement, [applicationId, source, parentKey, keys])
}

const parentsStatement = {
  name: 'set-parents-of-moved-messages',
  text: `
    update moved_item set parent_key = $3
    where application_id = $1 and source = $2 and kind = 'message' and key = any($4::text[])
      and parent_key is distinct from $3`,
}

export interface PendingItem<C = unknown> {
  key: string
  place: number
  parentKey: string | null
  /** The id that the item got when it was written before; 0 if it has none, null if it was not written yet. */
  id: number | null
  content: C
}

const pendingColumns = select(
  columnsOf(
    { key: text, place: int8, parentKey: nullable(text), id: nullable(int8), content: jsonb<unknown>() },
    'i',
  ),
)

/** Reads items to be written after a place and key, in order; `only` is an SQL condition on `i`. */
const pendingStatement = (name: string, only: string) =>
  reading(
    name,
    pendingColumns,
    (columns) => `
    select ${columns} from moved_item i
    where i.application_id = $1 and i.source = $2 and i.kind = $3 and i.content is not null
      and (i.place, i.key) > ($4::bigint, $5::text) and ${only}
    order by i.place, i.key limit $6`,
  )
const statements = {
  all: pendingStatement('pending-moved-items', '$7::text is null'),
  // Index: moved_item_receipts.
  ofChannel: pendingStatement(
    'pending-moved-receipts-of-channel',
    `i.kind = 'receipts' and i.content->>'channel' = $7::text`,
  ),
}

/** The position to continue after. */
export interface After {
  place: number
  key: string
}
export const beforeAll: After = { place: -Number.MAX_SAFE_INTEGER, key: '' }

/** Returns up to `limit` items to be written. @param channel a channel's key, to select its receipts only */
export function pendingItems<C>(
  db: Querier,
  { applicationId, source }: Move,
  kind: MovedKind,
  after: After,
  limit: number,
  { channel }: { channel?: string } = {},
): Promise<PendingItem<C>[]> {
  const statement = channel === undefined ? statements.all : statements.ofChannel
  const values = [applicationId, source, kind, after.place, after.key, limit, channel ?? null]
  return db.all(statement, values) as Promise<PendingItem<C>[]>
}

/** Returns the keys of channels that have receipts to be written. */
export function channelsWithReceipts(db: Querier, { applicationId, source }: Move): Promise<string[]> {
  return db.all(channelsStatement, [applicationId, source])
}

const channelsStatement = reading(
  'channels-with-moved-receipts',
  column(text, `i.content->>'channel'`),
  (columns) => `
    select distinct ${columns} from moved_item i
    where i.application_id = $1 and i.source = $2 and i.kind = 'receipts' and i.content is not null`,
)

/** Marks items as written, and stores the ids they got. */
export async function endItems(
  tx: Querier,
  { applicationId, source }: Move,
  kind: MovedKind,
  items: { key: string; id?: number | undefined }[],
): Promise<void> {
  if (items.length === 0) return
  await tx.run(endStatement, [
    applicationId,
    source,
    kind,
    items.map(({ key }) => key),
    items.map(({ id }) => id ?? null),
  ])
}

const endStatement = {
  name: 'end-moved-items',
  text: `
    update moved_item i set content = null, id = coalesce(done.id, i.id, 0)
    from unnest($4::text[], $5::bigint[]) done (key, id)
    where i.application_id = $1 and i.source = $2 and i.kind = $3 and i.key = done.key`,
}

/** Returns the ids that the items with these keys got when they were written, by key. */
export async function idsOfItems(
  db: Querier,
  { applicationId, source }: Move,
  kind: MovedKind,
  keys: Iterable<string>,
): Promise<Map<string, number>> {
  const wanted = [...new Set(keys)]
  if (wanted.length === 0) return new Map()
  const found = await db.all(idsStatement, [applicationId, source, kind, wanted])
  return new Map(found.map(({ key, id }) => [key, id]))
}

const idsStatement = reading(
  'ids-of-moved-items',
  select(columnsOf({ key: text, id: int8 }, 'i')),
  (columns) => `
    select ${columns} from moved_item i
    where i.application_id = $1 and i.source = $2 and i.kind = $3 and i.key = any($4::text[]) and i.id is not null`,
)

/** Returns those of the ids that items of the kind got. */
export async function findWrittenIds(
  db: Querier,
  { applicationId, source }: Move,
  kind: MovedKind,
  ids: number[],
): Promise<Set<number>> {
  if (ids.length === 0) return new Set()
  return new Set(await db.all(takenStatement, [applicationId, source, kind, ids]))
}

const takenStatement = reading(
  'taken-ids-of-moved-items',
  column(int8, 'i.id'),
  (columns) => `
    select ${columns} from moved_item i
    where i.application_id = $1 and i.source = $2 and i.kind = $3 and i.id = any($4::bigint[])`,
)

/** Returns those of the keys that have been read, in the pass `pass` or a later one. */
export async function seenKeys(
  db: Querier,
  { applicationId, source }: Move,
  kind: MovedKind,
  keys: Iterable<string>,
  pass: number,
): Promise<Set<string>> {
  const wanted = [...new Set(keys)]
  if (wanted.length === 0) return new Set()
  return new Set(await db.all(seenStatement, [applicationId, source, kind, wanted, pass]))
}

const seenStatement = reading(
  'seen-moved-items',
  column(text, 'i.key'),
  (columns) => `
    select ${columns} from moved_item i
    where i.application_id = $1 and i.source = $2 and i.kind = $3 and i.key = any($4::text[]) and i.pass >= $5`,
)

/** Returns how many items of a kind are to be written. */
export function countPending(db: Querier, { applicationId, source }: Move, kind: MovedKind): Promise<number> {
  return db.single(countStatement, [applicationId, source, kind])
}

const countStatement = reading(
  'count-pending-moved-items',
  column(int8, 'count(*)'),
  (columns) => `
    select ${columns} from moved_item
    where application_id = $1 and source = $2 and kind = $3 and content is not null`,
)

/** Returns how many items of a kind were found in an earlier pass and not in this one. */
export function countVanished(
  db: Querier,
  { applicationId, source }: Move,
  kind: MovedKind,
  pass: number,
): Promise<number> {
  return db.single(vanishedStatement, [applicationId, source, kind, pass])
}

const vanishedStatement = reading(
  'count-vanished-moved-items',
  column(int8, 'count(*)'),
  (columns) => `
    select ${columns} from moved_item where application_id = $1 and source = $2 and kind = $3 and pass < $4`,
)

// ------------------------------------------------------------------------------------------- the state

const stateKey = 'state'
const noDigest = Buffer.alloc(0)

/** Returns the state of reading a source, or null if it has not begun. */
export async function readMoveState<S>(db: Querier, { applicationId, source }: Move): Promise<S | null> {
  return ((await db.one(stateStatement, [applicationId, source, stateKey])) as S | undefined) ?? null
}

const stateStatement = reading(
  'read-move-state',
  column(jsonb<unknown>(), 'content'),
  (columns) => `
    select ${columns} from moved_item where application_id = $1 and source = $2 and kind = $3 and key = $3`,
)

export async function saveMoveState(
  db: Querier,
  { applicationId, source }: Move,
  state: unknown,
): Promise<void> {
  await db.run(saveStateStatement, [applicationId, source, stateKey, noDigest, JSON.stringify(state)])
}

const saveStateStatement = {
  name: 'save-move-state',
  text: `
    insert into moved_item (application_id, source, kind, key, digest, content, pass)
    values ($1, $2, $3, $3, $4, $5::jsonb, 0)
    on conflict (application_id, source, kind, key) do update set content = excluded.content`,
}

/** Deletes all records of moves into an application, including reading states. @returns how many items */
export async function deleteItems(tx: Tx, applicationId: number): Promise<number> {
  await tx.run({ text: 'delete from moved_item where application_id = $1 and kind = $2' }, [
    applicationId,
    stateKey,
  ])
  return tx.run({ text: 'delete from moved_item where application_id = $1' }, [applicationId])
}
