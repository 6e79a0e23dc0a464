// Files in our own store: a row for each, from before its first byte arrives until after its last one is gone.
import type { Db, Tx } from '#data/database.ts'
import type { HostedFile } from '#data/rows.ts'

/** How long an upload may take, and what showed up nowhere is kept. */
const unshown = `interval '1 day'`

/** The row of a file whose bytes are on their way; it expires unless something comes to show it. */
export async function insertFile(
  db: Db,
  applicationId: number,
  { key, name, contentType }: Omit<HostedFile, 'size'>,
): Promise<void> {
  await db.query(insertStatement, [applicationId, key, name, contentType])
}

const insertStatement = {
  name: 'insert-file',
  text: `
    insert into file (application_id, key, name, content_type, size, sha256, expires_time)
    values ($1, $2, $3, $4, 0, '', now() + ${unshown})`,
}

/** The bytes have arrived. */
export async function completeFile(db: Db, key: string, size: number, sha256: Buffer): Promise<void> {
  await db.query({ text: 'update file set size = $2, sha256 = $3 where key = $1' }, [key, size, sha256])
}

/** Something shows the file from this commit on. */
export async function keepFile(tx: Tx, key: string): Promise<void> {
  await tx.prisma.$executeRaw`update file set expires_time = null where key = ${key}::uuid`
}

/** Nothing shows the files from this commit on. */
export async function expireFile(tx: Tx, key: string): Promise<void> {
  await tx.prisma.$executeRaw`update file set expires_time = now() where key = ${key}::uuid`
}

const shown = 'expires_time is null and application_id is not null'

export async function isShown(db: Db, key: string): Promise<boolean> {
  const rows = await db.query({ text: `select 1 from file where key = $1 and ${shown}` }, [key])
  return rows.length > 0
}

export async function deleteFileRow(db: Db, key: string): Promise<void> {
  await db.query({ text: 'delete from file where key = $1' }, [key])
}

export interface KeptFile extends HostedFile {
  applicationId: number
  sha256: Buffer
  createdTime: string
  /** Anybody may see display pictures. */
  isPublic: boolean
  /** Of the message that shows it, if one does. */
  channelId?: number
}

/** A file that something shows. Indexes: user (picture_file_id), message_hosted_file. */
export async function findFile(db: Db, key: string): Promise<KeptFile | undefined> {
  const [row] = await db.query(findStatement, [key])
  return (
    row && {
      key,
      applicationId: row[0] as number,
      name: row[1] as string,
      contentType: row[2] as string,
      size: row[3] as number,
      sha256: row[4] as Buffer,
      createdTime: row[5] as string,
      isPublic: row[6] as boolean,
      ...(row[7] !== null && { channelId: row[7] as number }),
    }
  )
}

const findStatement = {
  name: 'find-file',
  text: `
    select f.application_id, f.name, f.content_type, f.size, f.sha256, f.created_time,
           exists (select from "user" u where u.picture_file_id = f.id),
           (select m.channel_id from message m where m.file->>'key' = f.key::text limit 1)
    from file f where f.key = $1 and ${shown}`,
}

/** Keys of files that nothing shows any more, those of deleted applications included. Index: file_expiring. */
export async function findExpiredFiles(db: Db, limit: number): Promise<string[]> {
  const rows = await db.query(expiredStatement, [limit])
  return rows.map((row) => row[0] as string)
}

const expiredStatement = {
  name: 'find-expired-files',
  text: `
    select key from file
    where expires_time < now() or (application_id is null and expires_time is null) limit $1`,
}

/** Its bytes could not be deleted now: later, then, and others first. */
export async function postponeFile(db: Db, key: string): Promise<void> {
  await db.query({ text: `update file set expires_time = now() + interval '1 hour' where key = $1` }, [key])
}
