// Secrets that backends store with users, encrypted.
import { bytea, type Columns, column, columnsOf, int8, nullable, select, text } from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'

export interface StoredSecret {
  userId: number
  name: string
  sealed: Uint8Array<ArrayBuffer> | null
  /** JSON in plain text, as earlier versions wrote it. Takes precedence over `sealed`, which is older. */
  plain: string | null
}

const secretColumns: Columns<StoredSecret> = select({
  ...columnsOf({ userId: int8, name: text, sealed: nullable(bytea) }, 's'),
  plain: column(nullable(text), 's.secret::text'),
})

const findStatement = reading(
  'find-user-secret',
  secretColumns,
  (columns) => `select ${columns} from user_secret s where s.user_id = $1 and s.name = $2`,
)

export function findSecret(db: Db, userId: number, name: string): Promise<StoredSecret | undefined> {
  return db.one(findStatement, [userId, name])
}

/** Sets a secret. @returns whether that was possible: it is not for a deleted user */
export async function upsertSecret(
  db: Db,
  userId: number,
  name: string,
  sealed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return (await db.run(upsertStatement, [userId, name, sealed])) > 0
}

const upsertStatement = {
  name: 'upsert-user-secret',
  text: `
    insert into user_secret (user_id, name, sealed)
    select u.id, $2, $3 from "user" u where u.id = $1 and u.deleted_time is null for share
    on conflict (user_id, name) do update set sealed = excluded.sealed, secret = null`,
}

/** Deletes a secret. Returns whether it existed. */
export async function deleteSecret(db: Db, userId: number, name: string): Promise<boolean> {
  const { count } = await db.prisma.userSecret.deleteMany({ where: { userId: BigInt(userId), name } })
  return count > 0
}

/** Returns secrets in plain text. Index: user_secret_plain. */
export function findPlainSecrets(db: Db, limit: number): Promise<StoredSecret[]> {
  return db.all(plainStatement, [limit])
}

const plainStatement = reading(
  'plain-user-secrets',
  secretColumns,
  (columns) => `
    select ${columns} from user_secret s where s.secret is not null order by s.user_id, s.name limit $1`,
)

/** Returns secrets after `after` that do not begin with `seal` or are in plain text. */
export function findSecretsNotSealedWith(
  db: Db,
  seal: Uint8Array,
  after: Pick<StoredSecret, 'userId' | 'name'>,
  limit: number,
): Promise<StoredSecret[]> {
  return db.all(sealedElseStatement, [after.userId, after.name, seal, limit])
}

const sealedElseStatement = reading(
  'user-secrets-sealed-else',
  secretColumns,
  (columns) => `
    select ${columns} from user_secret s
    where (s.user_id, s.name) > ($1, $2)
      and (s.secret is not null or substring(s.sealed from 1 for length($3::bytea)) <> $3::bytea)
    order by s.user_id, s.name limit $4`,
)

/** Replaces encrypted secrets in one statement, except those that have changed since they were read. */
export async function resealSecrets(
  db: Db,
  secrets: { old: StoredSecret; sealed: Uint8Array<ArrayBuffer> }[],
): Promise<void> {
  const text = `
    update user_secret s set sealed = n.sealed, secret = null
    from unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::bytea[]) n (user_id, name, old, plain, sealed)
    where s.user_id = n.user_id and s.name = n.name
      and s.sealed is not distinct from n.old and s.secret is not distinct from n.plain::jsonb`
  await db.run({ text }, [
    secrets.map(({ old }) => old.userId),
    secrets.map(({ old }) => old.name),
    secrets.map(({ old }) => old.sealed),
    secrets.map(({ old }) => old.plain),
    secrets.map(({ sealed }) => sealed),
  ])
}
