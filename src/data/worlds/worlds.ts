// Worlds of the test API: applications with what tests need to know of them.
import { hashToken } from '#data/applications/tokens.ts'
import { column, columnsOf, int8, mapped, oneOf, select, text, timestamptz, uuid } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import type { Strictness, World } from '#resources/world.ts'

const worldColumns = select({
  ...columnsOf({ id: int8, name: text, createdTime: timestamptz }, 'a'),
  apiKey: column(uuid, 'a.key'),
  ...columnsOf({ clientSecret: text, accessToken: text }, 'w'),
  strictness: mapped(
    column(oneOf<'LENIENT' | 'STRICT'>(), 'w.strictness'),
    (name) => name.toLowerCase() as Strictness,
  ),
  // The one it was made with: a test may rotate its secret, but not its name.
  clientId: column(
    text,
    `(select c.client_id from credential c where c.application_id = a.id
      order by c.created_time, c.client_id limit 1)`,
  ),
})

/** Every world, oldest first. */
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

/** Makes an application a world. Its access token opens everything, for ever. */
export async function insertWorld(
  tx: Tx,
  world: Pick<World, 'id' | 'clientId' | 'clientSecret' | 'accessToken' | 'strictness'>,
  scope: string,
): Promise<void> {
  const { id, clientId, clientSecret, accessToken, strictness } = world
  const hash = hashToken(accessToken)
  await tx.run(insertStatement, [
    id,
    clientId,
    clientSecret,
    accessToken,
    strictness.toUpperCase(),
    hash,
    scope,
  ])
}

const insertStatement = {
  name: 'insert-world',
  text: `
    with token as (
      insert into access_token (hash, application_id, client_id, scope, expires_time)
      values ($6, $1, $2, $7, '9999-01-01')
    )
    insert into world (application_id, client_secret, access_token, strictness)
    values ($1, $3, $4, $5::strictness)`,
}
