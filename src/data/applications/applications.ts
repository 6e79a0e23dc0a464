import { ownClient } from '#data/applications/own-client.ts'
import {
  bool,
  type Columns,
  column,
  columnsOf,
  int8,
  jsonb,
  mapped,
  nullable,
  oneOf,
  select,
  text,
  timestamptz,
  uuid,
} from '#data/columns.ts'
import { type Db, type Querier, reading, type Tx } from '#data/database.ts'
import type { Retention } from '#resources/admin/retention.ts'
import type { Application, ApplicationSettings } from '#resources/application.ts'
import { completeUi, type Ui, type UiPart } from '#resources/ui.ts'

const applicationColumns = select(
  columnsOf(
    { id: int8, key: uuid, properties: jsonb<Application['properties']>(), createdTime: timestamptz },
    'a',
  ),
)

export function findApplication(db: Db, id: number): Promise<Application | undefined> {
  return db.one(findApplicationStatement, [id])
}

const findApplicationStatement = reading(
  'find-application',
  applicationColumns,
  (columns) => `select ${columns} from application a where a.id = $1`,
)

type Settings = Pick<ApplicationSettings, 'guestUsers' | 'userCreatedChannels'>

export function findSettings(db: Db, id: number): Promise<Settings | undefined> {
  return db.one(findSettingsStatement, [id])
}

/** @returns the new settings, or undefined if the application no longer exists */
export function writeSettings(
  tx: Tx,
  id: number,
  changes: { [K in keyof Settings]?: Settings[K] | undefined },
): Promise<Settings | undefined> {
  return tx.one(updateSettingsStatement, [id, changes.guestUsers, changes.userCreatedChannels])
}

const toggle = oneOf<Settings['guestUsers']>()
export const settingsShape = { guestUsers: toggle, userCreatedChannels: toggle }
const settingsColumns = select(columnsOf(settingsShape, 'a'))
const findSettingsStatement = reading(
  'find-settings',
  settingsColumns,
  (columns) => `select ${columns} from application a where a.id = $1`,
)
const updateSettingsStatement = reading(
  'update-settings',
  settingsColumns,
  (columns) => `
    update application a set
      guest_users = coalesce($2::toggle, a.guest_users),
      user_created_channels = coalesce($3::toggle, a.user_created_channels)
    where a.id = $1 returning ${columns}`,
)

/** Returns the settings of an application that operators control. */
export function findAdminSettings(db: Querier, id: number): Promise<StoredAdminSettings | undefined> {
  return db.one(findAdminSettingsStatement, [id])
}

/** Changes the given settings. A member of retention that is null is removed. */
export async function writeAdminSettings(
  tx: Tx,
  id: number,
  { retention }: { retention?: Record<string, number | null | undefined> | null | undefined },
): Promise<void> {
  if (retention !== undefined) await tx.run(retentionStatement, [id, retention && JSON.stringify(retention)])
}

export type StoredAdminSettings = Settings & { retention: Retention; messagesPersisted: boolean }
const findAdminSettingsStatement = reading(
  'find-admin-settings',
  select(columnsOf({ ...settingsShape, retention: jsonb<Retention>(), messagesPersisted: bool }, 'a')),
  (columns) => `select ${columns} from application a where a.id = $1`,
)
const retentionStatement = {
  text: `
    update application set retention_time = null, retention = case when $2::jsonb is null then '{}'
      else jsonb_strip_nulls(retention || $2::jsonb) end
    where id = $1`,
}

/** Returns the user interface settings of these applications, completed with defaults. */
export async function findUi(db: Db, ids: number[]): Promise<Map<number, Ui>> {
  const found = await db.all(uiStatement, [ids])
  return new Map(found.map(({ id, ui }) => [id, completeUi(ui)]))
}

const uiStatement = reading(
  'find-ui',
  select(columnsOf({ id: int8, ui: jsonb<Partial<Ui>>() }, 'a')),
  (columns) => `select ${columns} from application a where a.id = any($1::bigint[])`,
)

/** Merges the settings of one part into the user interface settings. Returns whether the application exists. */
export async function updateUi(
  tx: Tx,
  id: number,
  part: UiPart,
  settings: Record<string, unknown>,
): Promise<boolean> {
  return (await tx.run(updateUiStatement, [id, JSON.stringify({ [part]: settings })])) > 0
}

const updateUiStatement = {
  name: 'update-ui',
  text: 'update application set ui = ui || $2::jsonb where id = $1',
}

export interface Credential {
  clientId: string
  secretHash: string
  /** The secret before the last rotation while it is still accepted; `until` is in milliseconds since the epoch. */
  previous?: { secretHash: string; until: number }
  applicationId: number
  applicationKey: string
}

const credentialColumns = mapped(
  select({
    ...columnsOf({ clientId: text, secretHash: text, applicationId: int8 }, 'c'),
    applicationKey: column(uuid, 'a.key'),
    previousHash: column(nullable(text), 'c.previous_secret_hash'),
    previousUntil: column(nullable(int8), '(extract(epoch from c.previous_until) * 1000)::bigint'),
  }),
  ({ previousHash, previousUntil, ...credential }): Credential => ({
    ...credential,
    ...(previousHash !== null &&
      previousUntil !== null && { previous: { secretHash: previousHash, until: previousUntil } }),
  }),
)
const credentials = 'credential c join application a on a.id = c.application_id'

export function findCredential(db: Db, clientId: string): Promise<Credential | undefined> {
  return db.one(findCredentialStatement, [clientId])
}

const findCredentialStatement = reading(
  'find-credential',
  credentialColumns,
  (columns) => `select ${columns} from ${credentials} where c.client_id = $1`,
)

/** Returns the own credential of the first application. */
export function findFirstCredential(db: Db): Promise<Credential | undefined> {
  return db.one(findFirstCredentialStatement, [])
}

const findFirstCredentialStatement = reading(
  'find-first-credential',
  credentialColumns,
  (columns) => `
    select ${columns} from ${credentials} where c.client_id = ${ownClient} order by c.application_id limit 1`,
)

/** @throws a unique violation if the key or the client id is taken */
export function insertApplication(
  tx: Tx,
  { name, key, clientId, secretHash }: { name: string; key: string; clientId: string; secretHash: string },
): Promise<number> {
  return tx.single(insertStatement, [name, key, clientId, secretHash])
}

const insertStatement = reading(
  'insert-application',
  column(int8, 'id'),
  (columns) => `
    with created as (
      insert into application (name, key) values ($1, $2) returning id
    ), credential as (
      insert into credential (application_id, client_id, secret_hash) select id, $3, $4 from created
    )
    select ${columns} from created`,
)

/** Assigns a client to an application, replacing any client with the same id and deleting its tokens. */
export async function putCredential(
  tx: Tx,
  credential: Pick<Credential, 'clientId' | 'secretHash' | 'applicationId'>,
): Promise<void> {
  const { clientId, secretHash, applicationId } = credential
  await tx.run(deleteTokensStatement, [clientId])
  await tx.run(putCredentialStatement, [clientId, applicationId, secretHash])
}

const deleteTokensStatement = {
  name: 'delete-tokens-of-client',
  text: 'delete from access_token where client_id = $1',
}
const putCredentialStatement = {
  name: 'put-credential',
  text: `
    insert into credential (client_id, application_id, secret_hash) values ($1, $2, $3)
    on conflict (client_id) do update
      set secret_hash = excluded.secret_hash, previous_secret_hash = null, previous_until = null`,
}

/**
 * Replaces a secret. The old one is accepted for another `overlapMs`, and the client's existing tokens expire no later.
 * A secret left over from an earlier replacement becomes invalid at once.
 * @returns the ISO 8601 time until which the old secret is accepted, or null; undefined if there is no such client
 */
export async function replaceSecret(
  tx: Tx,
  clientId: string,
  secretHash: string,
  overlapMs = 0,
): Promise<string | null | undefined> {
  if (overlapMs > 0) return tx.one(rotateSecretStatement, [clientId, secretHash, overlapMs])
  if ((await tx.run(replaceSecretStatement, [clientId, secretHash])) === 0) return undefined
  await tx.run(deleteTokensStatement, [clientId])
  return null
}

const replaceSecretStatement = {
  name: 'replace-secret',
  text: `
    update credential set secret_hash = $2, previous_secret_hash = null, previous_until = null
    where client_id = $1`,
}
const rotateSecretStatement = reading(
  'rotate-secret',
  column(timestamptz, 'previous_until'),
  (columns) => `
    with replaced as (
      update credential set secret_hash = $2, previous_secret_hash = secret_hash,
        previous_until = chatterie_clock() + $3::float8 * interval '1 ms'
      where client_id = $1 returning client_id, previous_until
    ), limited as (
      update access_token t set expires_time = least(t.expires_time, r.previous_until)
      from replaced r where t.client_id = r.client_id
    )
    select ${columns} from replaced`,
)

/** Blocks other processes that want to create the first application until the transaction ends. */
export async function lockFirstApplication(tx: Tx): Promise<void> {
  await tx.run({ text: `select pg_advisory_xact_lock(hashtext('chatterie: first application'))` }, [])
}

export interface ApplicationSummary {
  id: number
  name: string
  /** The API key. */
  key: string
  /** The client id of the first client, which was created with the application. */
  clientId: string | null
  createdTime: string
}

const summaryColumns: Columns<ApplicationSummary> = select({
  ...columnsOf({ id: int8, name: text, key: uuid, createdTime: timestamptz }, 'a'),
  clientId: column(nullable(text), ownClient),
})
const summaryOf = (columns: string) => `select ${columns} from application a`

/** Returns every application, oldest first. */
export function listApplicationRows(db: Db): Promise<ApplicationSummary[]> {
  return db.all(listStatement, [])
}

const listStatement = reading(
  'list-applications',
  summaryColumns,
  (columns) => `${summaryOf(columns)} order by a.id`,
)

/** Returns the application if there is exactly one, not counting those being deleted. */
export async function findOnlyApplication(db: Db): Promise<{ id: number; key: string } | undefined> {
  const found = await db.all(firstTwoStatement, [])
  return found.length === 1 ? found[0] : undefined
}

const firstTwoStatement = reading(
  'first-two-applications',
  select(columnsOf({ id: int8, key: uuid }, 'a')),
  (columns) => `select ${columns} from application a where a.closed_time is null order by a.id limit 2`,
)

/** Finds an application by its id, or else by its API key or client id. */
export function findApplicationBy(db: Querier, reference: string): Promise<ApplicationSummary | undefined> {
  return db.one(findStatement, [reference])
}

const findStatement = reading(
  'find-application-by',
  summaryColumns,
  (columns) => `
    ${summaryOf(columns)}
    where a.id::text = $1 or a.key::text = lower($1)
      or a.id = (select application_id from credential where client_id = $1)
    order by a.id::text <> $1`,
)

/** Returns those of the ids that belong to applications. */
export async function existingApplications(db: Querier, ids: number[]): Promise<Set<number>> {
  return new Set(ids.length === 0 ? [] : await db.all(existingStatement, [ids]))
}

const existingStatement = reading(
  'existing-applications',
  column(int8, 'id'),
  (columns) => `select ${columns} from application where id = any($1::bigint[])`,
)
