// Users whom other users have blocked.
import { column, columnsOf, int8, select, timestamptz } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { knownSorts, listPage } from '#data/lists.ts'
import { userColumns } from '#data/rows.ts'
import { matching, sortableUsers, type UserMatch } from '#data/users/user-lists.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { UserBlockedRecord } from '#resources/user.ts'

const { sql } = Prisma

/** Returns whom these users have blocked. Index: user_block (blocker_id, blocked_id). */
export async function blockedIdsOf(
  db: Db,
  userIds: number[],
): Promise<{ blockerId: number; blockedId: number }[]> {
  return db.all(blockedIdsStatement, [userIds])
}

const blockedIdsStatement = reading(
  'blocked-ids',
  select(columnsOf({ blockerId: int8, blockedId: int8 }, 'b')),
  (columns) => `select ${columns} from user_block b where blocker_id = any($1::bigint[])`,
)

/** Returns whether any of these users has blocked `blockedId`. Index: user_block (blocker_id, blocked_id). */
export async function hasBlocker(db: Db, userIds: number[], blockedId: number): Promise<boolean> {
  return (await db.run(hasBlockerStatement, [userIds, blockedId])) > 0
}

const hasBlockerStatement = {
  name: 'has-blocker',
  text: 'select from user_block where blocker_id = any($1::bigint[]) and blocked_id = $2 limit 1',
}

/** Returns the new block, or undefined if the user was already blocked. @throws a foreign key violation */
export function insertBlock(
  tx: Tx,
  blockerId: number,
  blockedId: number,
): Promise<{ id: number; createdTime: string } | undefined> {
  return tx.one(insertStatement, [blockerId, blockedId])
}

const insertStatement = reading(
  'insert-user-block',
  select(columnsOf({ id: int8, createdTime: timestamptz }, 'b')),
  (columns) => `
    insert into user_block as b (blocker_id, blocked_id) values ($1, $2)
    on conflict (blocker_id, blocked_id) do nothing returning ${columns}`,
)

/** @returns the id of the unblocked user, or undefined if the blocker has no such block */
export function deleteBlock(tx: Tx, blockerId: number, id: number): Promise<number | undefined> {
  return tx.one(deleteStatement, [blockerId, id])
}

const deleteStatement = reading(
  'delete-user-block',
  column(int8, 'blocked_id'),
  (columns) => `delete from user_block where id = $2 and blocker_id = $1 returning ${columns}`,
)

/** Lists a user's blocks, oldest first. */
export function listBlocks(
  db: Db,
  blockerId: number,
  match: UserMatch,
  page: PageRequest,
): Promise<Page<UserBlockedRecord>> {
  const sortable = { ...sortableUsers, id: 'b.id', createdTime: 'b.created_time' }
  const narrowing = matching(match)
  return listPage(
    db,
    {
      ...(narrowing.length === 0 && { name: 'list-user-blocks' }),
      resource: 'user_blocked_record',
      from: sql`user_block b join "user" u on u.id = b.blocked_id`,
      id: 'b.id',
      where: [sql`b.blocker_id = ${blockerId}::bigint`, sql`u.deleted_time is null`, ...narrowing],
      sortable,
      order: 'b.id',
      columns: select({ ...columnsOf({ id: int8, createdTime: timestamptz }, 'b'), user: userColumns('u') }),
      joins: 'join user_block b on b.id = page.id join "user" u on u.id = b.blocked_id',
    },
    knownSorts(page, sortable),
  )
}
