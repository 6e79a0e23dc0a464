import type { Db, Row } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import { toUser, userColumns } from '#data/rows.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ChatSession, SessionState, UserSession } from '#resources/session.ts'
import type { User } from '#resources/user.ts'

const { sql } = Prisma

const sessionColumns = `us.id, us.state, us.user_agent, us.created_time, us.end_time, ${userColumns('u')}`

function toUserSession(row: Row, at = 0): UserSession {
  return {
    id: row[at] as number,
    state: row[at + 1] as SessionState,
    userAgent: (row[at + 2] as string | null) ?? undefined,
    createdTime: row[at + 3] as string,
    endTime: (row[at + 4] as string | null) ?? undefined,
    user: toUser(row, at + 5) as User, // every session has its user
  }
}

/** Devices that were connected, oldest first. */
export function listUserSessions(
  db: Db,
  applicationId: number,
  state: SessionState | undefined,
  page: PageRequest,
): Promise<Page<UserSession>> {
  return listPage(
    db,
    {
      resource: 'user_session',
      from: sql`user_session us`,
      id: 'us.id',
      where: [
        sql`us.application_id = ${applicationId}::bigint`,
        ...(state === undefined ? [] : [sql`us.state = ${state}::session_state`]),
      ],
      sortable: { id: 'us.id', createdTime: 'us.created_time', endTime: 'us.end_time', state: 'us.state' },
      order: 'us.id',
      select: `
        select page.place, ${sessionColumns}
        from page join user_session us on us.id = page.id join "user" u on u.id = us.user_id`,
    },
    page,
    toUserSession,
  )
}

const findStatement = {
  name: 'find-user-session',
  text: `
    select ${sessionColumns} from user_session us join "user" u on u.id = us.user_id
    where us.id = $2 and us.application_id = $1`,
}

export async function findUserSession(
  db: Db,
  applicationId: number,
  id: number,
): Promise<UserSession | undefined> {
  const [row] = await db.query(findStatement, [applicationId, id])
  return row && toUserSession(row)
}

/** Presences in channels, oldest first. */
export function listChatSessions(
  db: Db,
  applicationId: number,
  state: SessionState | undefined,
  page: PageRequest,
): Promise<Page<ChatSession>> {
  return listPage(
    db,
    {
      resource: 'chat_session',
      from: sql`chat_session cs join user_session us on us.id = cs.session_id`,
      id: 'cs.id',
      where: [
        sql`us.application_id = ${applicationId}::bigint`,
        ...(state === undefined ? [] : [sql`cs.state = ${state}::session_state`]),
      ],
      sortable: { id: 'cs.id', createdTime: 'cs.created_time', endTime: 'cs.end_time', state: 'cs.state' },
      order: 'cs.id',
      select: `
        select page.place, cs.id, cs.state, cs.channel_id, cs.created_time, cs.end_time, ${sessionColumns}
        from page join chat_session cs on cs.id = page.id
        join user_session us on us.id = cs.session_id join "user" u on u.id = us.user_id`,
    },
    page,
    (row) => ({
      id: row[0] as number,
      state: row[1] as SessionState,
      channelId: row[2] as number,
      createdTime: row[3] as string,
      endTime: (row[4] as string | null) ?? undefined,
      session: toUserSession(row, 5),
    }),
  )
}
