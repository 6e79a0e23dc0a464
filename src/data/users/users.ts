import { column, columnsOf, int8, select, text, uuid } from '#data/columns.ts'
import { type Db, finder, quick, reading, type Tx } from '#data/database.ts'
import { counterOf } from '#data/events/counters.ts'
import { Prisma } from '#data/generated/client.ts'
import { containing, knownSorts, type ListQuery, listPage, propertiesContain } from '#data/lists.ts'
import { userColumns, userShape } from '#data/rows.ts'
import { hasUnread as hasUnreadInChannel } from '#data/sql/has-unread.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import { invisible, type User } from '#resources/user.ts'

const { sql, raw, join } = Prisma

/** The user with this id in the application, unless deleted. */
export const findUser = finder(
  quick(
    reading(
      'find-user',
      userColumns('u'),
      (columns) =>
        `select ${columns} from "user" u where u.id = $2 and u.application_id = $1 and u.deleted_time is null`,
    ),
  ),
)
/** The user with exactly this name in the application, unless deleted. */
export const findUserByName = finder<User, string>(
  quick(
    reading(
      'find-user-by-name',
      userColumns('u'),
      (columns) =>
        `select ${columns} from "user" u where u.name = $2 and u.application_id = $1 and u.deleted_time is null`,
    ),
  ),
)

/** The users that references mean, in their order; undefined where there is none. One round trip. */
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

const findManyStatement = reading(
  'find-users',
  userColumns('u'),
  (columns) => `
    select ${columns} from "user" u
    where u.application_id = $1 and u.deleted_time is null and (u.id = any($2::bigint[]) or u.name = any($3::text[]))`,
)

/** The users with these ids, deleted ones included: authors stay authors. */
export async function usersById(db: Db, ids: number[]): Promise<Map<number, User>> {
  if (ids.length === 0) return new Map()
  const users = await db.all(byIdStatement, [ids])
  return new Map(users.map((user) => [user.id, user]))
}

const byIdStatement = quick(
  reading(
    'users-by-id',
    userColumns('u'),
    (columns) => `select ${columns} from "user" u where u.id = any($1::bigint[])`,
  ),
)

/** What lists of users can be sorted by; `u` is the user. */
export const sortableUsers = {
  id: 'u.id',
  name: 'lower(u.name)',
  displayName: 'lower(u.display_name)',
  isGuest: 'u.is_guest',
  createdTime: 'u.created_time',
}
/** What lists of users read. */
export const usersOnPage = { columns: userColumns('u'), joins: 'join "user" u on u.id = page.id' }

export interface UserFilters {
  name?: string | undefined
  unread?: boolean | undefined
  properties?: Record<string, unknown> | undefined
}

/** Users of an application by name, whatever its case. */
export function readUserPage(
  db: Db,
  applicationId: number,
  filters: UserFilters,
  page: PageRequest,
): Promise<Page<User>> {
  const narrowing = [
    ...(filters.name === undefined ? [] : [sql`u.name = ${filters.name}`]),
    ...(filters.properties === undefined ? [] : [propertiesContain('u.properties', filters.properties)]),
    ...(filters.unread === undefined ? [] : [sql`${raw(filters.unread ? '' : 'not')} ${hasUnread}`]),
  ]
  const list: ListQuery<User> = {
    resource: 'user',
    from: sql`"user" u`,
    id: 'u.id',
    where: [sql`u.application_id = ${applicationId}::bigint`, sql`u.deleted_time is null`, ...narrowing],
    sortable: sortableUsers,
    order: 'lower(u.name), u.id',
    ...usersOnPage,
    ...(narrowing.length === 0 && {
      name: 'list-users',
      total: counterOf('application.users', applicationId),
    }),
  }
  return listPage(db, list, page)
}

/** What users look for among others. */
export interface UserMatch {
  /** The whole name. */
  name?: string | undefined
  /** A part of it, whatever its case. */
  displayName?: string | undefined
  /** As others see it: who is invisible is not. */
  online?: boolean | undefined
}

/** On the users `u`. */
export function matching({ name, displayName, online }: UserMatch): Prisma.Sql[] {
  const like = displayName === undefined ? undefined : containing(displayName)
  return [
    ...(name === undefined ? [] : [sql`u.name = ${name}`]),
    ...(like === undefined ? [] : [sql`u.display_name ilike ${like}`]),
    ...(online === undefined ? [] : [raw(online ? isSeenOnline : `not (${isSeenOnline})`)]),
  ]
}

// As the index user_online has it.
const isSeenOnline = `u.presence_online and u.presence_status <> '${invisible}'`

/** The living users of an application but one, by name. Unfiltered: index user_name_order, and a counter. */
export function readContactPage(
  db: Db,
  applicationId: number,
  userId: number,
  match: UserMatch,
  page: PageRequest,
): Promise<Page<User>> {
  const narrowing = matching(match)
  const list: ListQuery<User> = {
    resource: 'user',
    from: sql`"user" u`,
    id: 'u.id',
    where: [...contactsOf(applicationId, userId), ...narrowing],
    sortable: sortableUsers,
    order: 'lower(u.name), u.id',
    ...usersOnPage,
    ...(narrowing.length === 0 && { name: 'list-contacts', total: contactTotal(applicationId) }),
  }
  return listPage(db, list, knownSorts(page, sortableUsers))
}

/** How many {@link readContactPage} lists in all. */
export async function countContactRows(
  db: Db,
  applicationId: number,
  userId: number,
  match: UserMatch,
): Promise<number> {
  const narrowing = matching(match)
  const count =
    narrowing.length === 0
      ? sql`select ${contactTotal(applicationId)}`
      : sql`select count(*) from "user" u where ${join([...contactsOf(applicationId, userId), ...narrowing], ' and ')}`
  const columns = column(int8, 'count')
  return (await db.one({ text: count.text, columns }, count.values)) ?? 0
}

const contactsOf = (applicationId: number, userId: number) => [
  sql`u.application_id = ${applicationId}::bigint`,
  sql`u.deleted_time is null`,
  sql`u.id <> ${userId}::bigint`,
]

/** All but oneself. */
const contactTotal = (applicationId: number) => sql`${counterOf('application.users', applicationId)} - 1`

/** Whether `u` has anything to read. */
const hasUnread = raw(
  `exists (select from channel_membership cm where cm.user_id = u.id and ${hasUnreadInChannel})`,
)

/** @throws a unique violation where the name is taken */
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

/** What changes of a user, locked until the transaction ends, so that two merge patches do not undo each other. */
export async function lockUser(
  tx: Tx,
  applicationId: number,
  id: number,
): Promise<Required<Pick<UserChanges, 'displayName' | 'presenceStatus' | 'properties'>> | undefined> {
  return tx.one(lockStatement, [applicationId, id])
}

const lockStatement = reading(
  'lock-user',
  select(columnsOf({ displayName: text, presenceStatus: text, properties: userShape.properties }, 'u')),
  (columns) => `
    select ${columns} from "user" u where u.id = $2 and u.application_id = $1 and u.deleted_time is null
    for update`,
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
 * Gives a user another display picture: a hosted file, an address elsewhere, or the generated one.
 * @returns the key of the hosted file that it had, which expires
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

/**
 * Ends a user: what it wrote stays with its author, everything else that was its own goes.
 * @returns the channels it was a member of, or undefined where there is no such user
 */
export async function retireUser(
  tx: Tx,
  applicationId: number,
  id: number,
  { withTraces = true } = {},
): Promise<number[] | undefined> {
  if ((await tx.run(retireStatement, [applicationId, id])) === 0) return undefined
  await replacePicture(tx, id, null)
  const left = await tx.all(leaveAllStatement, [id])
  const statements = withTraces ? [...tracesStatements, ...retiringStatements] : retiringStatements
  for (const statement of statements) await tx.run(statement, [id])
  return left
}

const retireStatement = {
  name: 'retire-user',
  text: `
    update "user" set deleted_time = chatterie_clock(), presence_online = false, presence_status = 'UNAVAILABLE'
    where id = $2 and application_id = $1 and deleted_time is null`,
}
const leaveAllStatement = reading(
  'leave-all-channels',
  column(int8, 'channel_id'),
  (columns) => `delete from channel_membership where user_id = $1 returning ${columns}`,
)
/** What there may be very much of; a job removes it otherwise, see data/removal/traces.ts. */
const tracesStatements = [
  deleteCountedText('reaction', 'reaction_count'),
  'delete from read_span where user_id = $1',
  deleteCountedText('message_report', 'report_count'),
  'delete from notification where recipient_id = $1',
].map((text) => ({ text }))
const retiringStatements = [
  'delete from user_secret where user_id = $1',
  'delete from channel_block where user_id = $1',
  'delete from channel_invite where invitee_id = $1',
  'delete from user_block where blocker_id = $1 or blocked_id = $1',
  `update chat_session set state = 'ENDED', end_time = chatterie_clock()
   where state = 'ACTIVE' and session_id in (select id from user_session where user_id = $1)`,
  `update user_session set state = 'ENDED', end_time = chatterie_clock() where user_id = $1 and state = 'ACTIVE'`,
].map((text) => ({ text }))

/** SQL text: deletes what a user left at messages, whose rows know how much of it there is. */
function deleteCountedText(table: 'reaction' | 'message_report', counter: string): string {
  return `
    with gone as (delete from ${table} where user_id = $1 returning message_id)
    update message m set ${counter} = greatest(m.${counter} - g.count, 0)
    from (select message_id, count(*) as count from gone group by message_id) g where m.id = g.message_id`
}
