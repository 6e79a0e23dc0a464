// Worlds of the test API: applications with the credentials that tests need.

import { ownClient } from '#data/applications/own-client.ts'
import { hashToken } from '#data/applications/tokens.ts'
import {
  column,
  columnsOf,
  int8,
  jsonb,
  mapped,
  oneOf,
  select,
  text,
  timestamptz,
  uuid,
} from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import type { Strictness, World } from '#resources/worlds/world.ts'

const worldColumns = select({
  ...columnsOf({ id: int8, name: text, createdTime: timestamptz }, 'a'),
  apiKey: column(uuid, 'a.key'),
  ...columnsOf({ clientSecret: text, accessToken: text }, 'w'),
  strictness: mapped(
    column(oneOf<'LENIENT' | 'STRICT'>(), 'w.strictness'),
    (name) => name.toLowerCase() as Strictness,
  ),
  // The client it was created with: a test may rotate its secret, but not its id.
  clientId: column(text, ownClient),
})

/** Returns every world, oldest first. */
export function listWorldRows(db: Db): Promise<World[]> {
  return db.all(listStatement, [])
}

const listStatement = reading(
  'list-worlds',
  worldColumns,
  (columns) =>
    `select ${columns} from world w join application a on a.id = w.application_id
     where a.closed_time is null order by a.id`,
)

export function findWorld(db: Db, id: number): Promise<World | undefined> {
  return db.one(findStatement, [id])
}

const findStatement = reading(
  'find-world',
  worldColumns,
  (columns) =>
    `select ${columns} from world w join application a on a.id = w.application_id
     where a.closed_time is null and a.id = $1`,
)

export interface NewWorldRow
  extends Pick<World, 'id' | 'clientId' | 'clientSecret' | 'accessToken' | 'strictness'> {
  /** The scope of its access token. */
  scope: string
  /** The file of the snapshot that it is reset to. */
  initial: string
}

/** Makes an application a world; its rows were written by this transaction. Its access token never expires. */
export async function insertWorld(tx: Tx, world: NewWorldRow): Promise<void> {
  await tx.run(insertStatement, [
    world.id,
    world.clientId,
    world.clientSecret,
    world.accessToken,
    world.strictness.toUpperCase(),
    hashToken(world.accessToken),
    world.scope,
    world.initial,
  ])
}

const insertStatement = {
  name: 'insert-world',
  text: `
    with token as (
      insert into access_token (hash, application_id, client_id, scope, expires_time)
      values ($6, $1, $2, $7, '9999-01-01')
    )
    insert into world (application_id, client_secret, access_token, strictness, initial, written)
    values ($1, $3, $4, $5::strictness, $8, array[pg_current_xact_id()::xid::text])`,
}

/** Makes the world's own access token valid again if a rotation of the client's secret has revoked or limited it. */
export async function reviveToken(
  tx: Tx,
  { id, clientId, accessToken, scope }: Pick<NewWorldRow, 'id' | 'clientId' | 'accessToken' | 'scope'>,
): Promise<void> {
  await tx.run(reviveStatement, [hashToken(accessToken), id, clientId, scope])
}

const reviveStatement = {
  name: 'revive-token-of-world',
  text: `
    insert into access_token as t (hash, application_id, client_id, scope, expires_time)
    values ($1, $2, $3, $4, '9999-01-01')
    on conflict (hash) do update set expires_time = excluded.expires_time
      where t.expires_time < excluded.expires_time`,
}

/** Saves the secret that the application's client has from now on, if the application is a world. */
export async function saveWorldSecret(tx: Tx, id: number, clientSecret: string): Promise<void> {
  await tx.run(saveSecretStatement, [id, clientSecret])
}

const saveSecretStatement = {
  name: 'save-world-secret',
  text: 'update world set client_secret = $2 where application_id = $1',
}

/** What a world is reset to, without the rows. */
export interface Initial {
  /** The first line of the file. */
  header: string
  /** The transactions that wrote the rows. */
  written: string[]
}

export function findInitial(tx: Tx, id: number): Promise<Initial> {
  return tx.single(initialStatement, [id])
}

const initialStatement = reading(
  'find-initial',
  select({
    header: column(text, `split_part(w.initial, E'\\n', 1)`),
    written: column(jsonb<string[]>(), 'to_jsonb(w.written)'),
  }),
  (columns) => `select ${columns} from world w where w.application_id = $1`,
)

export function findInitialFile(tx: Tx, id: number): Promise<string> {
  return tx.single(initialFileStatement, [id])
}

const initialFileStatement = reading(
  'find-initial-file',
  column(text, 'initial'),
  (columns) => `select ${columns} from world where application_id = $1`,
)

export async function saveWritten(tx: Tx, id: number, written: string[]): Promise<void> {
  await tx.run(saveWrittenStatement, [id, written])
}

const saveWrittenStatement = {
  name: 'save-written',
  text: 'update world set written = $2 where application_id = $1',
}

/** Deletes the application of a cleared world, whether or not foreign keys are checked. */
export async function deleteWorldRow(tx: Tx, id: number): Promise<void> {
  await tx.run(deleteStatement, [id])
}

const deleteStatement = {
  name: 'delete-world',
  text: `
    with tokens as (delete from access_token where application_id = $1),
      credentials as (delete from credential where application_id = $1),
      worlds as (delete from world where application_id = $1)
    delete from application where id = $1`,
}
