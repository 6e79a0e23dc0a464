// Files in our own store: each has a row from before its first byte arrives until after its last one is deleted.
import {
  bool,
  bytea,
  type Columns,
  column,
  columnsOf,
  int8,
  optional,
  select,
  text,
  timestamptz,
  uuid,
} from '#data/columns.ts'
import { type Db, reading, readingByKey, type Tx } from '#data/database.ts'
import { isKept } from '#data/removal/kept-messages.ts'
import type { HostedFile } from '#data/rows.ts'

/** How long an upload may take, and how long a file is kept that nothing refers to. */
const unshown = `interval '1 day'`

/** Inserts the row of a file that is being uploaded. It expires unless something refers to it by then. */
export async function insertFile(
  db: Db,
  applicationId: number,
  { key, name, contentType }: Omit<HostedFile, 'size'>,
): Promise<void> {
  await db.run(insertStatement, [applicationId, key, name, contentType])
}

const insertStatement = {
  name: 'insert-file',
  text: `
    insert into file (application_id, key, name, content_type, size, sha256, expires_time)
    values ($1, $2, $3, $4, 0, '', chatterie_clock() + ${unshown})`,
}

/** Stores the size and hash of an uploaded file. */
export async function completeFile(db: Db, key: string, size: number, sha256: Buffer): Promise<void> {
  await db.run(completeStatement, [key, size, sha256])
}

const completeStatement = {
  name: 'complete-file',
  text: 'update file set size = $2, sha256 = $3 where key = $1',
}

/** Keeps a file, because this transaction refers to it. */
export async function keepFile(tx: Tx, key: string): Promise<void> {
  await tx.run(keepStatement, [key])
}

const keepStatement = { name: 'keep-file', text: 'update file set expires_time = null where key = $1' }

/** Expires a file that nothing refers to after this transaction. */
export async function expireFile(tx: Tx, key: string): Promise<void> {
  await tx.run(expireStatement, [key])
}

const expireStatement = {
  name: 'expire-file',
  text: 'update file set expires_time = chatterie_clock() where key = $1',
}

/** SQL text: expires hosted files of messages that another part of the statement has deleted. */
export const shownFilesExpire = (gone: string) => `
  update file set expires_time = chatterie_clock() from ${gone}
  where ${gone}.file ->> 'key' is not null and file.key = (${gone}.file ->> 'key')::uuid`

const shown = 'expires_time is null and application_id is not null'

export async function isShown(db: Db, key: string): Promise<boolean> {
  return (await db.run({ text: `select from file where key = $1 and ${shown}` }, [key])) > 0
}

export async function deleteFileRow(db: Db, key: string): Promise<void> {
  await db.run({ text: 'delete from file where key = $1' }, [key])
}

export interface KeptFile extends HostedFile {
  applicationId: number
  sha256: Buffer
  createdTime: string
  /** Whether the file is a display picture, which anybody may see. */
  isPublic: boolean
  /** The channel of the message that has the file, if one does. */
  channelId?: number | undefined
}

export const fileShape = {
  key: uuid,
  name: text,
  contentType: text,
  size: int8,
  sha256: bytea,
  createdTime: timestamptz,
}

const keptColumns: Columns<KeptFile> = select({
  ...columnsOf(fileShape, 'f'),
  applicationId: column(int8, 'f.application_id'),
  isPublic: column(bool, 'exists (select from "user" u where u.picture_file_id = f.id)'),
  channelId: column(
    optional(int8),
    `(select m.channel_id from message m where m.file->>'key' = f.key::text limit 1)`,
  ),
})

/** Returns a file that something refers to. Indexes: user (picture_file_id), message_hosted_file. */
export function findFile(db: Db, key: string): Promise<KeptFile | undefined> {
  return db.one(findStatement, [key])
}

const findStatement = readingByKey(
  'find-file',
  keptColumns,
  (columns) => `
    select ${columns} from file f where f.key = $1 and ${shown} and not exists (
      select from message m where m.file->>'key' = f.key::text and not ${isKept('m')}
    )`,
)

/** Returns keys of expired files, including those of deleted applications. Index: file_expiring. */
export function findExpiredFiles(db: Db, limit: number): Promise<string[]> {
  return db.all(expiredStatement, [limit])
}

const expiredStatement = reading(
  'find-expired-files',
  column(uuid, 'key'),
  (columns) => `
    select ${columns} from file
    where expires_time < chatterie_clock() or (application_id is null and expires_time is null) limit $1`,
)

/** Postpones the deletion of a file by an hour after its bytes could not be deleted; others go first. */
export async function postponeFile(db: Db, key: string): Promise<void> {
  await db.run(
    { text: `update file set expires_time = chatterie_clock() + interval '1 hour' where key = $1` },
    [key],
  )
}
