// Applications as the operators of the installation see them.

import { ownClient } from '#data/applications/own-client.ts'
import {
  type Columns,
  column,
  columnsOf,
  int8,
  jsonb,
  mapped,
  optional,
  select,
  text,
  timestamptz,
  uuid,
} from '#data/columns.ts'
import { type Db, type Querier, reading, type Tx } from '#data/database.ts'
import { counterValue } from '#data/events/counters.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset } from '#data/keyset.ts'
import type { AdminApplication } from '#resources/admin/application.ts'
import type { ListPart } from '#resources/admin/list.ts'

const { sql } = Prisma

/** The columns of an application, read from the alias `a`. */
const columns: Columns<AdminApplication> = mapped(
  select({
    ...columnsOf(
      {
        id: int8,
        name: text,
        key: uuid,
        properties: jsonb<AdminApplication['properties']>(),
        createdTime: timestamptz,
      },
      'a',
    ),
    clientId: column(optional(text), ownClient),
    users: column(int8, counterValue('application.users', 'a.id')),
    channels: column(int8, counterValue('application.channels', 'a.id')),
    messages: column(int8, counterValue('application.messages', 'a.id')),
  }),
  ({ id, name, key, clientId, properties, createdTime, users, channels, messages }) => ({
    id,
    name,
    apiKey: key,
    clientId,
    properties,
    counts: { users, channels, messages },
    createdTime,
  }),
)

/** Lists applications, oldest first, but not those being deleted; if `limits` is not empty, only these ids. */
export function listAdministered(
  db: Db,
  limits: number[],
  request: KeysetRequest,
): Promise<ListPart<AdminApplication>> {
  const within = limits.length === 0 ? [] : [sql`a.id = any(${limits}::bigint[])`]
  return listKeyset(
    db,
    {
      from: sql`application a`,
      where: [sql`a.closed_time is null`, ...within],
      key: [['a.id', 'bigint']],
      descending: false,
      columns,
    },
    request,
  )
}

export function findAdministered(db: Querier, id: number): Promise<AdminApplication | undefined> {
  return db.one(findStatement, [id])
}

const findStatement = reading(
  'find-administered-application',
  columns,
  (columns) => `select ${columns} from application a where a.id = $1 and a.closed_time is null`,
)

/** Returns the properties that a patch is merged into and locks the row until the transaction ends. */
export function lockProperties(tx: Tx, id: number): Promise<Record<string, unknown> | undefined> {
  return tx.one(lockStatement, [id])
}

const lockStatement = reading(
  'lock-application',
  column(jsonb<Record<string, unknown>>(), 'a.properties'),
  (columns) => `select ${columns} from application a where a.id = $1 and a.closed_time is null for update`,
)

export async function updateApplicationRow(
  tx: Tx,
  id: number,
  { name, properties }: { name?: string | undefined; properties?: Record<string, unknown> | undefined },
): Promise<void> {
  await tx.run(updateStatement, [id, name, properties && JSON.stringify(properties)])
}

const updateStatement = {
  name: 'update-application',
  text: `
    update application set name = coalesce($2, name), properties = coalesce($3::jsonb, properties) where id = $1`,
}

/** Returns whether the application exists and is not being deleted. */
export async function isAdministered(db: Querier, id: number): Promise<boolean> {
  return (await db.run(existsStatement, [id])) > 0
}

const existsStatement = {
  name: 'is-administered-application',
  text: 'select from application where id = $1 and closed_time is null',
}
