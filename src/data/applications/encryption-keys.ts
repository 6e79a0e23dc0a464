// Which keys encrypt the secrets of this database. The keys themselves are not stored.
import { bytea, column, columnsOf, int8, select, text } from '#data/columns.ts'
import { type Db, type Querier, reading, type Tx } from '#data/database.ts'

export interface KnownKey {
  id: string
  /** A value encrypted with the key. */
  proof: Uint8Array<ArrayBuffer>
}

/** Blocks other processes that read the keys until the transaction ends. */
export async function lockKeys(tx: Tx): Promise<void> {
  await tx.run({ text: `select pg_advisory_xact_lock(hashtext('chatterie: encryption keys'))` }, [])
}

export function listKeys(tx: Tx): Promise<KnownKey[]> {
  return tx.all(listStatement, [])
}

const listStatement = reading(
  'list-encryption-keys',
  select(columnsOf({ id: text, proof: bytea }, 'k')),
  (columns) => `select ${columns} from encryption_key k order by k.created_time`,
)

export async function insertKey(tx: Tx, { id, proof }: KnownKey): Promise<void> {
  await tx.run(insertStatement, [id, proof])
}

const insertStatement = {
  name: 'insert-encryption-key',
  text: 'insert into encryption_key (id, proof) values ($1, $2) on conflict do nothing',
}

/** @returns the ids of the deleted keys */
export function forgetKeysBut(tx: Tx, id: string): Promise<string[]> {
  return tx.all(forgetStatement, [id])
}

const forgetStatement = reading(
  'forget-encryption-keys',
  column(text, 'id'),
  (columns) => `delete from encryption_key where id <> $1 returning ${columns}`,
)

export interface SealedEnvironment {
  applicationId: number
  sealed: Uint8Array<ArrayBuffer>
}

/** Returns the first runtime environment after the application id `after` that does not begin with `seal`. */
export function findEnvironmentNotSealedWith(
  db: Querier,
  seal: Uint8Array,
  after: number,
): Promise<SealedEnvironment | undefined> {
  return db.one(environmentStatement, [after, seal])
}

const environmentStatement = reading(
  'environment-sealed-else',
  select({ applicationId: column(int8, 'application_id'), sealed: column(bytea, 'environment') }),
  (columns) => `
    select ${columns} from runtime
    where application_id > $1 and substring(environment from 1 for length($2::bytea)) <> $2::bytea
    order by application_id limit 1`,
)

/** Replaces an environment unless it has changed meanwhile. Its plaintext is the same, so functions keep running. */
export async function resealEnvironment(
  db: Db,
  { applicationId, sealed: old }: SealedEnvironment,
  sealed: Uint8Array | null,
): Promise<void> {
  const text = 'update runtime set environment = $3 where application_id = $1 and environment = $2'
  await db.run({ text }, [applicationId, old, sealed])
}
