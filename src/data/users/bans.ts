// Users whom operators have banned.
import { type Columns, column, columnsOf, int8, optional, select, text, timestamptz } from '#data/columns.ts'
import { type Db, type Querier, reading, type Tx } from '#data/database.ts'
import { type Ended, endSessionsOf } from '#data/users/departures.ts'
import type { Ban } from '#resources/admin/moderation.ts'

/** SQL: the ban of a user that is in force, as `b`. */
export const banOf = (user: string) =>
  `user_ban b where b.user_id = ${user} and (b.until is null or b.until > chatterie_clock())`

/** The columns of bans `b`. */
export const banColumns: Columns<Ban> = select(
  columnsOf(
    { createdTime: timestamptz, createdBy: text, until: optional(timestamptz), reason: optional(text) },
    'b',
  ),
)

export function findBan(db: Querier, userId: number): Promise<Ban | undefined> {
  return db.one(findStatement, [userId])
}

const findStatement = reading('find-ban', banColumns, (columns) => `select ${columns} from ${banOf('$1')}`)

/** Returns the ban of the user with this name. Index: user_name_key. */
function findBanByName(db: Db, applicationId: number, name: string): Promise<Ban | undefined> {
  return db.one(findByNameStatement, [applicationId, name])
}

const findByNameStatement = reading(
  'find-ban-by-name',
  banColumns,
  (columns) => `
    select ${columns} from ${banOf(
      `(select u.id from "user" u where u.application_id = $1 and u.name = $2 and u.deleted_time is null)`,
    )}`,
)

/** Returns the ban of the user to whom a backend refers by id or name. */
export function findBanOf(
  db: Db,
  applicationId: number,
  { id, username }: { id?: number; username?: string },
): Promise<Ban | undefined> {
  return id === undefined ? findBanByName(db, applicationId, username ?? '') : findBan(db, id)
}

/** Returns the bans of the last minute in these applications, whose users' sessions should have ended. */
export function lateBans(db: Db, applicationIds: number[]): Promise<{ userId: number; ban: Ban }[]> {
  return db.all(lateStatement, [applicationIds])
}

const lateStatement = reading(
  'late-bans',
  select({ userId: column(int8, 'b.user_id'), ban: banColumns }),
  (columns) => `
    select ${columns} from user_ban b
    where b.application_id = any($1::bigint[]) and b.created_time > chatterie_clock() - interval '1 minute'
      and (b.until is null or b.until > chatterie_clock())`,
)

export interface NewBan {
  applicationId: number
  userId: number
  reason: string | undefined
  until: string | undefined
  createdBy: string
}

/** Bans a user, replacing an existing ban, and ends their sessions. @returns undefined if there is no such user */
export async function putBan(tx: Tx, ban: NewBan): Promise<Ended | undefined> {
  const { applicationId, userId, reason, until, createdBy } = ban
  if ((await tx.run(lockStatement, [applicationId, userId])) === 0) return undefined
  await tx.run(putStatement, [applicationId, userId, reason ?? null, until ?? null, createdBy])
  return endSessionsOf(tx, userId)
}

/** The lock that sessions take as well when they begin or end, so that none begins concurrently. */
const lockStatement = {
  name: 'lock-user-to-ban',
  text: `
    select from "user" where application_id = $1 and id = $2 and deleted_time is null for no key update`,
}
const putStatement = {
  name: 'put-ban',
  text: `
    insert into user_ban (application_id, user_id, reason, until, created_by)
    values ($1, $2, $3, $4::timestamptz, $5)
    on conflict (user_id) do update set
      reason = excluded.reason, until = excluded.until, created_by = excluded.created_by,
      created_time = chatterie_clock()`,
}

/** @returns whether the user had a ban, including an expired one */
export async function deleteBan(tx: Tx, applicationId: number, userId: number): Promise<boolean> {
  return (await tx.run(deleteStatement, [applicationId, userId])) > 0
}

const deleteStatement = {
  name: 'delete-ban',
  text: 'delete from user_ban where application_id = $1 and user_id = $2',
}
