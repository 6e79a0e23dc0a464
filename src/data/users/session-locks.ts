import { column, int8 } from '#data/columns.ts'
import { reading, type Tx } from '#data/database.ts'

/** Whether sessions begin, which is not possible for deleted users, or end. */
export type SessionChange = 'begin' | 'end'

/**
 * Locks users whose sessions begin or end, in one order, so that the first and the last session of each are recognized
 * as such. Users locked by others are skipped, unless `waits` is set.
 * @returns the ids of the locked users
 */
export async function lockUsers(
  tx: Tx,
  userIds: number[],
  { sessions, waits }: { sessions: SessionChange; waits: boolean },
): Promise<Set<number>> {
  return new Set(await tx.all(statements[sessions][waits ? 'all' : 'free'], [userIds]))
}

const locking = (name: string, also: string, held: string) =>
  reading(
    name,
    column(int8, 'id'),
    (columns) => `
      select ${columns} from "user" where id = any($1::bigint[]) ${also} order by id for no key update ${held}`,
  )
const locksOf = (sessions: SessionChange, also: string) => ({
  all: locking(`lock-users-${sessions}`, also, ''),
  free: locking(`lock-free-users-${sessions}`, also, 'skip locked'),
})
const statements = { begin: locksOf('begin', 'and deleted_time is null'), end: locksOf('end', '') }
