// Which keys the secrets of this database are sealed with, without the keys.
import type { Db, Tx } from '#data/database.ts'

export interface KnownKey {
  id: string
  /** Sealed with it. */
  proof: Uint8Array<ArrayBuffer>
}

/** Holds back other processes that look at the keys, until the transaction ends. */
export async function lockKeys(tx: Tx): Promise<void> {
  await tx.prisma.$executeRaw`select pg_advisory_xact_lock(hashtext('chatterie: encryption keys'))`
}

export function listKeys(tx: Tx): Promise<KnownKey[]> {
  return tx.prisma.encryptionKey.findMany({
    select: { id: true, proof: true },
    orderBy: { createdTime: 'asc' },
  })
}

export async function insertKey(tx: Tx, key: KnownKey): Promise<void> {
  await tx.prisma.encryptionKey.createMany({ data: key, skipDuplicates: true })
}

/** @returns the ids of those that are forgotten */
export async function forgetKeysBut(tx: Tx, id: string): Promise<string[]> {
  const rows = await tx.prisma.$queryRaw<{ id: string }[]>`
    delete from encryption_key where id <> ${id} returning id`
  return rows.map((row) => row.id)
}

export interface SealedEnvironment {
  applicationId: number
  sealed: Uint8Array<ArrayBuffer>
}

/** The environments of runtimes that do not begin with `seal`. */
export async function findEnvironmentsSealedElse(
  db: Db,
  seal: Uint8Array,
  after: number,
  limit: number,
): Promise<SealedEnvironment[]> {
  const text = `
    select application_id, environment from runtime
    where application_id > $1 and substring(environment from 1 for length($2::bytea)) <> $2::bytea
    order by application_id limit $3`
  const rows = await db.query({ text }, [after, seal, limit])
  return rows.map((row) => ({
    applicationId: row[0] as number,
    sealed: row[1] as Uint8Array<ArrayBuffer>,
  }))
}

/** Unless it has changed meanwhile. Functions find in it what they found before, so their processes go on. */
export async function resealEnvironment(
  db: Db,
  { applicationId, sealed: old }: SealedEnvironment,
  sealed: Uint8Array | null,
): Promise<void> {
  const text = 'update runtime set environment = $3 where application_id = $1 and environment = $2'
  await db.query({ text }, [applicationId, old, sealed])
}
