import { type Columns, columnsOf, int8, oneOf, optional, select, text, timestamptz } from '#data/columns.ts'
import { type Db, finder, reading } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import { userColumns } from '#data/rows.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ChatSession, SessionState, UserSession } from '#resources/session.ts'

const { sql } = Prisma

export const sessionShape = {
  id: int8,
  state: oneOf<SessionState>(),
  userAgent: optional(text),
  createdTime: timestamptz,
  endTime: optional(timestamptz),
}

/** The columns of session `us` and its user `u`. */
const sessionColumns: Columns<UserSession> = select({
  ...columnsOf(sessionShape, 'us'),
  user: userColumns('u'),
})

/** Lists the sessions of devices, oldest first. */
export function readUserSessionPage(
  db: Db,
  applicationId: number,
  state: SessionState | undefined,
  page: PageRequest,
): Promise<Page<UserSession>> {
  return listPage(
    db,
    {
      name: state === undefined ? 'list-user-sessions' : 'list-user-sessions-in-state',
      resource: 'user_session',
      from: sql`user_session us`,
      id: 'us.id',
      where: [
        sql`us.application_id = ${applicationId}::bigint`,
        ...(state === undefined ? [] : [sql`us.state = ${state}::session_state`]),
      ],
      sortable: { id: 'us.id', createdTime: 'us.created_time', endTime: 'us.end_time', state: 'us.state' },
      order: 'us.id',
      columns: sessionColumns,
      joins: 'join user_session us on us.id = page.id join "user" u on u.id = us.user_id',
    },
    page,
  )
}

export const findUserSession = finder(
  reading(
    'find-user-session',
    sessionColumns,
    (columns) => `
      select ${columns} from user_session us join "user" u on u.id = us.user_id
      where us.id = $2 and us.application_id = $1`,
  ),
)

export const chatSessionShape = {
  id: int8,
  state: oneOf<SessionState>(),
  channelId: int8,
  createdTime: timestamptz,
  endTime: optional(timestamptz),
}

const chatSessionColumns: Columns<ChatSession> = select({
  ...columnsOf(chatSessionShape, 'cs'),
  session: sessionColumns,
})

/** Lists chat sessions, that is, presences in channels, oldest first. */
export function readChatSessionPage(
  db: Db,
  applicationId: number,
  state: SessionState | undefined,
  page: PageRequest,
): Promise<Page<ChatSession>> {
  return listPage(
    db,
    {
      name: state === undefined ? 'list-chat-sessions' : 'list-chat-sessions-in-state',
      resource: 'chat_session',
      from: sql`chat_session cs join user_session us on us.id = cs.session_id`,
      id: 'cs.id',
      where: [
        sql`us.application_id = ${applicationId}::bigint`,
        ...(state === undefined ? [] : [sql`cs.state = ${state}::session_state`]),
      ],
      sortable: { id: 'cs.id', createdTime: 'cs.created_time', endTime: 'cs.end_time', state: 'cs.state' },
      order: 'cs.id',
      columns: chatSessionColumns,
      joins: `
        join chat_session cs on cs.id = page.id
        join user_session us on us.id = cs.session_id join "user" u on u.id = us.user_id`,
    },
    page,
  )
}
