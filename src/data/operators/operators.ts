import {
  type Columns,
  column,
  columnsOf,
  int8,
  jsonb,
  mapped,
  nullable,
  oneOf,
  optional,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, type Querier, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset } from '#data/keyset.ts'
import type { ListPart } from '#resources/admin/list.ts'
import type { Operator } from '#resources/admin/operator.ts'
import type { Role } from '#resources/admin/role.ts'

const { sql } = Prisma

/** The applications that a row of a table or alias is limited to; an empty list means all. */
export const limitColumns = (alias: string) =>
  column(jsonb<number[]>(), `to_jsonb(coalesce(${alias}.application_ids, '{}'))`)

/** SQL conditions for rows whose limits lie within these; none if the list is empty. */
export const withinLimits = (column: string, limits: number[]) =>
  limits.length === 0
    ? []
    : [sql`cardinality(${Prisma.raw(column)}) > 0 and ${Prisma.raw(column)} <@ ${limits}::bigint[]`]

const shape = {
  id: int8,
  username: text,
  role: oneOf<Role>(),
  lastSignInTime: optional(timestamptz),
  createdTime: timestamptz,
  issuer: nullable(text),
}

/** The columns of operators `o`. */
export const operatorColumns: Columns<Operator> = mapped(
  select({ ...columnsOf(shape, 'o'), applicationIds: limitColumns('o') }),
  ({ issuer, applicationIds, ...operator }) => ({
    ...operator,
    signIn: issuer === null ? ('password' as const) : ('sso' as const),
    ...(applicationIds.length > 0 && { applications: applicationIds }),
  }),
)

/** Lists operators by name. A caller limited to applications only sees operators whose limits lie within theirs. */
export function listOperatorRows(
  db: Db,
  limits: number[],
  request: KeysetRequest,
): Promise<ListPart<Operator>> {
  return listKeyset(
    db,
    {
      from: sql`operator o`,
      where: withinLimits('o.application_ids', limits),
      key: [['o.username', 'text']],
      descending: false,
      columns: operatorColumns,
    },
    request,
  )
}

/** The operator, locked until the transaction ends. */
export function lockOperator(tx: Querier, id: number): Promise<Operator | undefined> {
  return tx.one(lockStatement, [id])
}

const lockStatement = reading(
  'lock-operator',
  operatorColumns,
  (columns) => `select ${columns} from operator o where o.id = $1 for update`,
)

/** Returns an operator by name, with the password hash, which is null if they sign in elsewhere. */
export function findOperatorByName(
  db: Db,
  username: string,
): Promise<{ operator: Operator; passwordHash: string | null } | undefined> {
  return db.one(findByNameStatement, [username])
}

const findByNameStatement = reading(
  'find-operator-by-name',
  select({ operator: operatorColumns, passwordHash: column(nullable(text), 'o.password_hash') }),
  (columns) => `select ${columns} from operator o where o.username = $1`,
)

export interface NewOperator {
  username: string
  passwordHash: string
  role: Role
  applicationIds: number[]
}

/** @throws a unique violation if the name is taken */
export function insertOperator(tx: Tx, operator: NewOperator): Promise<Operator> {
  const { username, passwordHash, role, applicationIds } = operator
  return tx.single(insertStatement, [username, passwordHash, role, applicationIds])
}

const insertStatement = reading(
  'insert-operator',
  operatorColumns,
  (columns) => `
    insert into operator as o (username, password_hash, role, application_ids)
    values ($1, $2, $3::operator_role, $4::bigint[]) returning ${columns}`,
)

export interface OperatorChanges {
  passwordHash?: string | undefined
  role?: Role | undefined
  applicationIds?: number[] | undefined
}

export function updateOperatorRow(tx: Tx, id: number, changes: OperatorChanges): Promise<Operator> {
  return tx.single(updateStatement, [id, changes.passwordHash, changes.role, changes.applicationIds])
}

const updateStatement = reading(
  'update-operator',
  operatorColumns,
  (columns) => `
    update operator o set
      password_hash = coalesce($2, o.password_hash),
      role = coalesce($3::operator_role, o.role),
      application_ids = coalesce($4::bigint[], o.application_ids)
    where o.id = $1 returning ${columns}`,
)

export async function deleteOperatorRow(tx: Tx, id: number): Promise<void> {
  await tx.run({ name: 'delete-operator', text: 'delete from operator where id = $1' }, [id])
}

/** Serializes changes of who owns the installation until the transaction ends. */
export async function lockOperators(tx: Tx): Promise<void> {
  await tx.run({ text: `select pg_advisory_xact_lock(hashtext('chatterie: operators'))` }, [])
}

/** Returns the number of owners who are not limited to applications. */
export function countOwners(tx: Tx): Promise<number> {
  return tx.single(countOwnersStatement, [])
}

const countOwnersStatement = reading(
  'count-owners',
  column(int8, 'count(*)'),
  (columns) => `
    select ${columns} from operator
    where role = 'owner' and cardinality(coalesce(application_ids, '{}')) = 0`,
)

/** Returns whether there is any operator. */
export async function hasOperators(db: Querier): Promise<boolean> {
  return (await db.run({ name: 'has-operators', text: 'select from operator limit 1' }, [])) > 0
}

/** An operator who signs in through an identity provider. */
export interface OutsideOperator {
  issuer: string
  subject: string
  /** Their email address. */
  username: string
  role: Role
}

/** Creates or updates an operator who signs in elsewhere. @throws a unique violation if the name is taken */
export function putOutsideOperator(tx: Tx, operator: OutsideOperator): Promise<Operator> {
  const { issuer, subject, username, role } = operator
  return tx.single(putOutsideStatement, [issuer, subject, username, role])
}

const putOutsideStatement = reading(
  'put-outside-operator',
  operatorColumns,
  (columns) => `
    insert into operator as o (issuer, subject, username, role) values ($1, $2, $3, $4::operator_role)
    on conflict (issuer, subject) do update set username = excluded.username, role = excluded.role
    returning ${columns}`,
)
