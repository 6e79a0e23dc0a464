// Snapshots of worlds, stored as files in the database.
import { column, columnsOf, int8, nullable, select, text, timestamptz } from '#data/columns.ts'
import { type Db, type Querier, reading } from '#data/database.ts'
import type { Snapshot } from '#resources/worlds/world.ts'

const snapshotColumns = select({
  ...columnsOf({ id: int8, name: text }, 's'),
  size: column(int8, 'octet_length(s.content)'),
  ...columnsOf({ createdTime: timestamptz }, 's'),
})

/** @param applicationId the world that it was taken from; null if it was uploaded */
export function insertSnapshot(
  db: Db,
  applicationId: number | null,
  name: string,
  content: string,
): Promise<Snapshot> {
  return db.single(insertStatement, [applicationId, name, content])
}

const insertStatement = reading(
  'insert-snapshot',
  snapshotColumns,
  (columns) => `
    insert into snapshot as s (application_id, name, content) values ($1, $2, $3) returning ${columns}`,
)

/** Lists the snapshots of a world, oldest first. */
export function listSnapshotRows(db: Db, applicationId: number): Promise<Snapshot[]> {
  return db.all(listStatement, [applicationId])
}

const listStatement = reading(
  'list-snapshots',
  snapshotColumns,
  (columns) => `select ${columns} from snapshot s where s.application_id = $1 order by s.id`,
)

export interface SnapshotContent {
  /** The world that it was taken from, which may no longer exist. */
  applicationId: number | null
  name: string
  content: string
}

export function findSnapshot(db: Querier, id: number): Promise<SnapshotContent | undefined> {
  return db.one(findStatement, [id])
}

const findStatement = reading(
  'find-snapshot',
  select({
    applicationId: column(nullable(int8), 's.application_id'),
    ...columnsOf({ name: text, content: text }, 's'),
  }),
  (columns) => `select ${columns} from snapshot s where s.id = $1`,
)

/** @returns whether the snapshot existed */
export async function deleteSnapshotRow(db: Db, id: number): Promise<boolean> {
  return (await db.run(deleteStatement, [id])) > 0
}

const deleteStatement = { name: 'delete-snapshot', text: 'delete from snapshot where id = $1' }

export async function deleteAllSnapshots(db: Db): Promise<void> {
  await db.run({ text: 'delete from snapshot' }, [])
}
