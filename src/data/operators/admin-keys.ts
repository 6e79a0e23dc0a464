import { hashToken } from '#data/applications/tokens.ts'
import {
  type Columns,
  columnsOf,
  int8,
  mapped,
  oneOf,
  optional,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, type Querier, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset } from '#data/keyset.ts'
import { limitColumns, withinLimits } from '#data/operators/operators.ts'
import type { ListPart } from '#resources/admin/list.ts'
import type { AdminKey } from '#resources/admin/operator.ts'
import type { Role } from '#resources/admin/role.ts'

const columns: Columns<AdminKey> = mapped(
  select({
    ...columnsOf(
      {
        id: int8,
        name: text,
        hint: text,
        role: oneOf<Role>(),
        createdBy: text,
        expiresTime: optional(timestamptz),
        createdTime: timestamptz,
      },
      'k',
    ),
    applicationIds: limitColumns('k'),
  }),
  ({ applicationIds, ...key }) => ({
    ...key,
    ...(applicationIds.length > 0 && { applications: applicationIds }),
  }),
)

/** Lists keys, newest first. A caller limited to applications only sees keys whose limits lie within theirs. */
export function listAdminKeyRows(
  db: Db,
  limits: number[],
  request: KeysetRequest,
): Promise<ListPart<AdminKey>> {
  return listKeyset(
    db,
    {
      from: Prisma.sql`admin_key k`,
      where: withinLimits('k.application_ids', limits),
      key: [['k.id', 'bigint']],
      descending: true,
      columns,
    },
    request,
  )
}

export function findAdminKeyById(db: Querier, id: number): Promise<AdminKey | undefined> {
  return db.one(findByIdStatement, [id])
}

const findByIdStatement = reading(
  'find-admin-key-by-id',
  columns,
  (columns) => `select ${columns} from admin_key k where k.id = $1`,
)

/** Finds an admin key by its secret, unless it has expired. */
export function findAdminKey(db: Db, key: string): Promise<AdminKey | undefined> {
  return db.one(findStatement, [hashToken(key)])
}

const findStatement = reading(
  'find-admin-key',
  columns,
  (columns) => `
    select ${columns} from admin_key k
    where k.hash = $1 and (k.expires_time is null or k.expires_time > chatterie_clock())`,
)

export interface NewKey {
  key: string
  hint: string
  name: string
  role: Role
  applicationIds: number[]
  createdBy: string
  expiresTime: string | undefined
}

export function insertAdminKey(tx: Tx, given: NewKey): Promise<AdminKey> {
  const { key, hint, name, role, applicationIds, createdBy, expiresTime } = given
  const values = [hashToken(key), name, hint, role, applicationIds, createdBy, expiresTime ?? null]
  return tx.single(insertStatement, values)
}

const insertStatement = reading(
  'insert-admin-key',
  columns,
  (columns) => `
    insert into admin_key as k (hash, name, hint, role, application_ids, created_by, expires_time)
    values ($1, $2, $3, $4::operator_role, $5::bigint[], $6, $7::timestamptz) returning ${columns}`,
)

export async function deleteAdminKeyRow(tx: Tx, id: number): Promise<boolean> {
  return (await tx.run({ name: 'delete-admin-key', text: 'delete from admin_key where id = $1' }, [id])) > 0
}
