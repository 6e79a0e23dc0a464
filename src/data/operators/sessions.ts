// Console sessions. Cookies are stored as their SHA-256, like tokens.
import { hashToken } from '#data/applications/tokens.ts'
import { column, select, timestamptz } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { operatorColumns } from '#data/operators/operators.ts'
import type { Operator } from '#resources/admin/operator.ts'

/** @returns the ISO 8601 time when the session expires */
export async function insertOperatorSession(
  tx: Tx,
  token: string,
  operatorId: number,
  lifetimeMs: number,
): Promise<string> {
  await tx.run(signedInStatement, [operatorId])
  return tx.single(insertStatement, [hashToken(token), operatorId, lifetimeMs])
}

const signedInStatement = {
  name: 'note-sign-in',
  text: 'update operator set last_sign_in_time = chatterie_clock() where id = $1',
}
const insertStatement = reading(
  'insert-operator-session',
  column(timestamptz, 'expires_time'),
  (columns) => `
    insert into operator_session (hash, operator_id, expires_time)
    values ($1, $2, chatterie_clock() + $3::float8 * interval '1 ms') returning ${columns}`,
)

/** Returns the operator to whom a cookie belongs, unless it has expired. */
export function findOperatorSession(
  db: Db,
  token: string,
): Promise<{ operator: Operator; expiresTime: string } | undefined> {
  return db.one(findStatement, [hashToken(token)])
}

const findStatement = reading(
  'find-operator-session',
  select({ operator: operatorColumns, expiresTime: column(timestamptz, 's.expires_time') }),
  (columns) => `
    select ${columns} from operator_session s join operator o on o.id = s.operator_id
    where s.hash = $1 and s.expires_time > chatterie_clock()`,
)

/** Ends all sessions of an operator, in every process at once. */
export async function deleteOperatorSessions(tx: Tx, operatorId: number): Promise<void> {
  await tx.run(deleteStatement, [operatorId])
}

const deleteStatement = {
  name: 'delete-operator-sessions',
  text: 'delete from operator_session where operator_id = $1',
}
