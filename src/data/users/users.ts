import { column, columnsOf, int8, select, text, uuid } from '#data/columns.ts'
import { type Db, finder, reading, readingByKey, type Tx } from '#data/database.ts'
import { userColumns, userShape } from '#data/rows.ts'
import type { User } from '#resources/user.ts'

const livingUser = (name: string, condition: string) =>
  reading(
    name,
    userColumns('u'),
    (columns) =>
      `select ${columns} from "user" u where ${condition} and u.application_id = $1 and u.deleted_time is null`,
  )

/** Returns the user with this id in the application, unless deleted. */
export const findUser = finder(livingUser('find-user', 'u.id = $2'))

/** Returns the user with exactly this name in the application, unless deleted. */
export const findUserByName = finder<User, string>(livingUser('find-user-by-name', 'u.name = $2'))

/** Returns the users that are referred to by id or name, in order; undefined if there is none. One round trip. */
export async function findUsers(
  db: Db,
  applicationId: number,
  references: { id?: number; username?: string }[],
): Promise<(User | undefined)[]> {
  const ids = references.flatMap(({ id }) => (id === undefined ? [] : [id]))
  const names = references.flatMap(({ username }) => (username === undefined ? [] : [username]))
  const users = await db.all(findManyStatement, [applicationId, ids, names])
  const byId = new Map(users.map((user) => [user.id, user]))
  const byName = new Map(users.map((user) => [user.name, user]))
  return references.map(({ id, username }) => (id === undefined ? byName.get(username ?? '') : byId.get(id)))
}

const findManyStatement = readingByKey(
  'find-users',
  userColumns('u'),
  (columns) => `
    select ${columns} from "user" u
    where u.application_id = $1 and u.deleted_time is null and (u.id = any($2::bigint[]) or u.name = any($3::text[]))`,
)

/** Returns the users with these ids, including deleted ones, who remain the authors of their messages. */
export async function usersById(db: Db, ids: number[]): Promise<Map<number, User>> {
  if (ids.length === 0) return new Map()
  const users = await db.all(byIdStatement, [ids])
  return new Map(users.map((user) => [user.id, user]))
}

const byIdStatement = readingByKey(
  'users-by-id',
  userColumns('u'),
  (columns) => `select ${columns} from "user" u where u.id = any($1::bigint[])`,
)

/** @throws a unique violation if the name is taken */
export async function insertUser(
  tx: Tx,
  applicationId: number,
  user: { name: string; displayName: string; isGuest: boolean; properties: Record<string, unknown> },
): Promise<User> {
  const { name, displayName, isGuest, properties } = user
  return tx.single(insertStatement, [applicationId, name, displayName, isGuest, JSON.stringify(properties)])
}

const insertStatement = reading(
  'insert-user',
  userColumns('u'),
  (columns) => `
    insert into "user" as u (application_id, name, display_name, is_guest, properties)
    values ($1, $2, $3, $4, $5::jsonb) returning ${columns}`,
)

/** Returns the fields that a patch merges, and locks the row so that two patches do not overwrite each other. */
export function lockUser(tx: Tx, applicationId: number, id: number) {
  return tx.one(lockStatement, [applicationId, id])
}

const lockStatement = reading(
  'lock-user',
  select(columnsOf({ displayName: text, presenceStatus: text, properties: userShape.properties }, 'u')),
  (columns) => `
    select ${columns} from "user" u where u.id = $2 and u.application_id = $1 and u.deleted_time is null
    for update`,
)

/** Keeps users from being deleted until the transaction ends. @returns the ids of those who are not deleted already */
export function holdUserRows(tx: Tx, ids: number[]): Promise<number[]> {
  return tx.all(holdStatement, [ids])
}

const holdStatement = reading(
  'hold-users',
  column(int8, 'id'),
  (columns) => `
    select ${columns} from "user" where id = any($1::bigint[]) and deleted_time is null order by id for share`,
)

export interface UserChanges {
  displayName?: string
  isGuest?: boolean
  presenceStatus?: string
  properties?: Record<string, unknown>
}

export async function updateUserRow(
  tx: Tx,
  id: number,
  { displayName, isGuest, presenceStatus, properties }: UserChanges,
): Promise<void> {
  await tx.run(updateStatement, [
    id,
    displayName,
    isGuest,
    presenceStatus,
    properties && JSON.stringify(properties),
  ])
}

const updateStatement = {
  name: 'update-user',
  text: `
    update "user" set
      display_name = coalesce($2, display_name), is_guest = coalesce($3, is_guest),
      presence_status = coalesce($4, presence_status), properties = coalesce($5::jsonb, properties)
    where id = $1`,
}

/**
 * Sets a user's display picture to a hosted file, an external URL, or the generated picture.
 * @returns the key of the previous hosted file, which expires
 */
export async function replacePicture(
  tx: Tx,
  id: number,
  picture: { url: string; fileKey?: string } | null,
): Promise<string | undefined> {
  const key = await tx.one(expirePictureStatement, [id])
  await tx.run(setPictureStatement, [id, picture?.url ?? null, picture?.fileKey ?? null])
  return key
}

const expirePictureStatement = reading(
  'expire-picture',
  column(uuid, 'file.key'),
  (columns) => `
    update file set expires_time = chatterie_clock() from "user" u
    where u.id = $1 and file.id = u.picture_file_id returning ${columns}`,
)
const setPictureStatement = {
  name: 'set-picture',
  text: `
    update "user" set picture_url = $2, picture_file_id = (select id from file where key = $3::uuid)
    where id = $1`,
}
