// Lists of users: all of an application, and those that one of them can see.
import { column, int8 } from '#data/columns.ts'
import type { Db } from '#data/database.ts'
import { counterOf } from '#data/events/counters.ts'
import { Prisma } from '#data/generated/client.ts'
import { containing, knownSorts, type ListQuery, listPage, propertiesContain } from '#data/lists.ts'
import { userColumns } from '#data/rows.ts'
import { hasUnread as hasUnreadInChannel } from '#data/sql/has-unread.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import { invisible, type User } from '#resources/user.ts'

const { sql, raw, join } = Prisma

/** The properties by which lists of users can be sorted; `u` is the user. */
export const sortableUsers = {
  id: 'u.id',
  name: 'lower(u.name)',
  displayName: 'lower(u.display_name)',
  isGuest: 'u.is_guest',
  createdTime: 'u.created_time',
}
/** What all lists of users have in common. */
export const usersOnPage = {
  resource: 'user',
  sortable: sortableUsers,
  columns: userColumns('u'),
  joins: 'join "user" u on u.id = page.id',
}
/** Lists found in the table of users itself, by name. */
const byName = { ...usersOnPage, from: sql`"user" u`, id: 'u.id', order: 'lower(u.name), u.id' }

export interface UserFilters {
  name?: string | undefined
  unread?: boolean | undefined
  properties?: Record<string, unknown> | undefined
}

/** Lists the users of an application by name; the case is ignored. */
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
    ...byName,
    where: [...usersOf(applicationId), ...narrowing],
    ...(narrowing.length === 0 && {
      name: 'list-users',
      line: 'reads',
      total: counterOf('application.users', applicationId),
    }),
    ...(narrowing.length === 1 && filters.name !== undefined && { name: 'list-users-named', line: 'reads' }),
  }
  return listPage(db, list, page)
}

/** A filter with which users search for other users. */
export interface UserMatch {
  /** The whole name. */
  name?: string | undefined
  /** A part of the display name; the case is ignored. */
  displayName?: string | undefined
  /** Whether others see the user as online; invisible users do not appear online. */
  online?: boolean | undefined
}

/** Returns conditions on users `u`. */
export function matching({ name, displayName, online }: UserMatch): Prisma.Sql[] {
  const like = displayName === undefined ? undefined : containing(displayName)
  return [
    ...(name === undefined ? [] : [sql`u.name = ${name}`]),
    ...(like === undefined ? [] : [sql`u.display_name ilike ${like}`]),
    ...(online === undefined ? [] : [raw(online ? isSeenOnline : `not (${isSeenOnline})`)]),
  ]
}

// Must match the condition of the index user_online.
const isSeenOnline = `u.presence_online and u.presence_status <> '${invisible}'`

/** Lists the users of an application except one, by name. Unfiltered: index user_name_order, and a counter. */
export function readContactPage(
  db: Db,
  applicationId: number,
  userId: number,
  match: UserMatch,
  page: PageRequest,
): Promise<Page<User>> {
  const narrowing = matching(match)
  const list: ListQuery<User> = {
    ...byName,
    where: [...contactsOf(applicationId, userId), ...narrowing],
    ...(narrowing.length === 0 && {
      name: 'list-contacts',
      line: 'reads',
      total: contactTotal(applicationId),
    }),
  }
  return listPage(db, list, knownSorts(page, sortableUsers))
}

/** Returns how many users {@link readContactPage} lists in total. */
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

const usersOf = (applicationId: number) => [
  sql`u.application_id = ${applicationId}::bigint`,
  sql`u.deleted_time is null`,
]

const contactsOf = (applicationId: number, userId: number) => [
  ...usersOf(applicationId),
  sql`u.id <> ${userId}::bigint`,
]

/** All users except the one who asks. */
const contactTotal = (applicationId: number) => sql`${counterOf('application.users', applicationId)} - 1`

/** SQL: whether `u` has unread messages. */
const hasUnread = raw(
  `exists (select from channel_membership cm where cm.user_id = u.id and ${hasUnreadInChannel})`,
)
