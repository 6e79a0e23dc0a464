// Secrets that backends keep with users, sealed.
import type { Db, Row } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'

export interface StoredSecret {
  userId: number
  name: string
  sealed: Uint8Array<ArrayBuffer> | null
  /** JSON, in plain text as versions before wrote it: newer than what is sealed, where there are both. */
  plain: string | null
}

const columns = 'user_id, name, sealed, secret::text'

function toSecret(row: Row): StoredSecret {
  return {
    userId: row[0] as number,
    name: row[1] as string,
    sealed: row[2] as Uint8Array<ArrayBuffer> | null,
    plain: row[3] as string | null,
  }
}

const findStatement = {
  name: 'find-user-secret',
  text: `select ${columns} from user_secret where user_id = $1 and name = $2`,
}

export async function findSecret(db: Db, userId: number, name: string): Promise<StoredSecret | undefined> {
  const [row] = await db.query(findStatement, [userId, name])
  return row && toSecret(row)
}

export async function upsertSecret(
  db: Db,
  userId: number,
  name: string,
  sealed: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await db.prisma.userSecret.upsert({
    where: { userId_name: { userId: BigInt(userId), name } },
    create: { userId: BigInt(userId), name, sealed },
    update: { sealed, secret: Prisma.DbNull },
    select: { name: true },
  })
}

/** Whether there was one. */
export async function deleteSecret(db: Db, userId: number, name: string): Promise<boolean> {
  const { count } = await db.prisma.userSecret.deleteMany({ where: { userId: BigInt(userId), name } })
  return count > 0
}

/** Those in plain text: index `user_secret_plain`. */
export async function findPlainSecrets(db: Db, limit: number): Promise<StoredSecret[]> {
  const text = `select ${columns} from user_secret where secret is not null order by user_id, name limit $1`
  return (await db.query({ text }, [limit])).map(toSecret)
}

/** Those that do not begin with `seal`, from the one behind `after` on. */
export async function findSecretsSealedElse(
  db: Db,
  seal: Uint8Array,
  after: Pick<StoredSecret, 'userId' | 'name'>,
  limit: number,
): Promise<StoredSecret[]> {
  const text = `
    select ${columns} from user_secret
    where (user_id, name) > ($1, $2) and (secret is not null or substring(sealed from 1 for length($3::bytea)) <> $3::bytea)
    order by user_id, name limit $4`
  return (await db.query({ text }, [after.userId, after.name, seal, limit])).map(toSecret)
}

/** Seals secrets anew, in one statement; those that have changed since they were read are left as they are. */
export async function resealSecrets(
  db: Db,
  secrets: { old: StoredSecret; sealed: Uint8Array<ArrayBuffer> }[],
): Promise<void> {
  const text = `
    update user_secret s set sealed = n.sealed, secret = null
    from unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::bytea[]) n (user_id, name, old, plain, sealed)
    where s.user_id = n.user_id and s.name = n.name
      and s.sealed is not distinct from n.old and s.secret is not distinct from n.plain::jsonb`
  await db.query({ text }, [
    secrets.map(({ old }) => old.userId),
    secrets.map(({ old }) => old.name),
    secrets.map(({ old }) => old.sealed),
    secrets.map(({ old }) => old.plain),
    secrets.map(({ sealed }) => sealed),
  ])
}
