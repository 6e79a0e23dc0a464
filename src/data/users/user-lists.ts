// Lists of users: all of an application, and those whom one of them sees.
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
