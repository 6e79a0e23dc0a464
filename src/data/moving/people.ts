// Moved users.
import { column, int8 } from '#data/columns.ts'
import { reading, type Tx } from '#data/database.ts'
import type { MovedUser } from '#resources/moving.ts'

/** @returns the ids of the inserted users, whose names were free; deleted users do not need a free name */
export function insertMovedUsers(
  tx: Tx,
  applicationId: number,
  users: { id: number; user: MovedUser }[],
): Promise<number[]> {
  return tx.all(insertStatement, [applicationId, ...cellsOf(users)])
}

const insertStatement = reading(
  'insert-moved-users',
  column(int8, 'id'),
  (columns) => `
    insert into "user" (id, application_id, type, name, display_name, is_guest, presence_status, properties, created_time, deleted_time)
    select id, $1::bigint, type, name, display_name, is_guest, coalesce(presence_status, 'UNAVAILABLE'), properties,
           coalesce(created_time, chatterie_clock()), case when is_deleted then chatterie_clock() end
    from unnest($2::bigint[], $3::user_type[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::jsonb[], $9::timestamptz[], $10::boolean[])
      with ordinality u (id, type, name, display_name, is_guest, presence_status, properties, created_time, is_deleted, place)
    order by place
    on conflict (application_id, name) where deleted_time is null do nothing
    returning ${columns}`,
)

/** Updates users to their state in the other service. Names do not change, nor do users deleted here. */
export async function updateMovedUsers(
  tx: Tx,
  applicationId: number,
  users: { id: number; user: MovedUser }[],
): Promise<void> {
  if (users.length > 0) await tx.run(updateStatement, [applicationId, ...cellsOf(users)])
}

const updateStatement = {
  name: 'update-moved-users',
  text: `
    update "user" mine set display_name = u.display_name, is_guest = u.is_guest, properties = u.properties,
      presence_status = case when mine.presence_online then mine.presence_status else coalesce(u.presence_status, mine.presence_status) end
    from unnest($2::bigint[], $3::user_type[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::jsonb[], $9::timestamptz[], $10::boolean[])
      u (id, type, name, display_name, is_guest, presence_status, properties, created_time, is_deleted)
    where mine.id = u.id and mine.application_id = $1 and mine.deleted_time is null`,
}

function cellsOf(users: { id: number; user: MovedUser }[]): unknown[][] {
  return [
    users.map(({ id }) => id),
    users.map(({ user }) => user.type),
    users.map(({ user }) => user.name),
    users.map(({ user }) => user.displayName),
    users.map(({ user }) => user.isGuest),
    users.map(({ user }) => user.presenceStatus ?? null),
    users.map(({ user }) => JSON.stringify(user.properties)),
    users.map(({ user }) => user.createdTime ?? null),
    users.map(({ user }) => user.isDeleted),
  ]
}
