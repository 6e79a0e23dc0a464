// Users as moderators see them.
import { type Columns, column, joined, mapped, select, timestamptz } from '#data/columns.ts'
import { type Db, finder, reading } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset } from '#data/keyset.ts'
import { containing } from '#data/lists.ts'
import { userColumns } from '#data/rows.ts'
import { banColumns, banOf } from '#data/users/bans.ts'
import type { ListPart } from '#resources/admin/list.ts'
import type { AdminUser } from '#resources/admin/moderation.ts'

const { sql, raw } = Prisma

/** The columns of users `u`, each with their ban `b`. */
const columns: Columns<AdminUser> = mapped(
  select({
    user: userColumns('u'),
    createdTime: column(timestamptz, 'u.created_time'),
    ban: joined(banColumns),
  }),
  ({ user, createdTime, ban }) => ({ ...user, createdTime, ...(ban && { ban }) }),
)
const withBan = `"user" u left join lateral (select b.* from ${banOf('u.id')}) b on true`

export interface AdminUserFilters {
  /** Text that the name or display name must contain; the case is ignored. */
  query?: string | undefined
  online?: boolean | undefined
  banned?: boolean | undefined
}

/** Lists users by name. Index: user_name_order. */
export function listAdministeredUsers(
  db: Db,
  applicationId: number,
  { query, online, banned }: AdminUserFilters,
  request: KeysetRequest,
): Promise<ListPart<AdminUser>> {
  const like = query === undefined ? undefined : containing(query)
  const where = [
    sql`u.application_id = ${applicationId}::bigint`,
    sql`u.deleted_time is null`,
    ...(like === undefined ? [] : [sql`(u.name ilike ${like} or u.display_name ilike ${like})`]),
    ...(online === undefined ? [] : [sql`u.presence_online = ${online}`]),
    ...(banned === undefined ? [] : [raw(`b.user_id is ${banned ? 'not null' : 'null'}`)]),
  ]
  return listKeyset(
    db,
    {
      from: raw(withBan),
      where,
      key: [
        ['lower(u.name)', 'text'],
        ['u.id', 'bigint'],
      ],
      descending: false,
      columns,
    },
    request,
  )
}

export const findAdministeredUser = finder(
  reading(
    'find-administered-user',
    columns,
    (columns) => `
      select ${columns} from ${withBan}
      where u.id = $2 and u.application_id = $1 and u.deleted_time is null`,
  ),
)
