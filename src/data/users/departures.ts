// Disconnecting users: lost connections and the end of sessions. Concurrent ones are grouped into one statement, as in
// arrivals.ts. Indexes: the primary keys of user and user_session, chat_session (session_id) and (channel_id, state),
// user_session (user_id, state).
import { column, columnsOf, int8, select } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import type { TopicPositions } from '#data/users/connections.ts'

/** A session that lost its connection. */
export interface DetachedSession {
  id: number
  node: number
  /** The position up to which it had acknowledged all events. */
  position: number
  /** The topics that it was subscribed to. */
  topics: TopicPositions
}

/** Marks sessions as disconnected, and stores their subscriptions and acknowledged positions. */
export async function detachSessions(db: Db, sessions: DetachedSession[]): Promise<void> {
  await db.run(detachStatement, [
    sessions.map(({ id }) => id),
    sessions.map(({ node }) => node),
    sessions.map(({ position }) => position),
    sessions.map(({ topics }) => JSON.stringify(topics)),
  ])
}

// Without topics, another process has marked the session as lost, because it took this one for dead.
const detachStatement = {
  name: 'detach-sessions',
  text: `
    update user_session us
    set detached_time = chatterie_clock(), acked_position = greatest(us.acked_position, i.position), topics = i.topics
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::jsonb[]) i (id, node, position, topics)
    where us.id = i.id and us.node = i.node and (us.detached_time is null or us.topics is null)`,
}

/** The consequences of ended sessions. */
export interface Ended {
  /** Channels that users have left, because none of their other sessions is active in them. */
  left: { userId: number; channelId: number }[]
  /** Users who have gone offline. */
  offline: number[]
}

/** Ends sessions of locked users, unless they have already ended or another process has taken them over. */
export async function endSessions(tx: Tx, sessions: { id: number; node: number }[]): Promise<Ended> {
  const ids = sessions.map(({ id }) => id)
  const ended = await tx.all(endStatement, [ids, sessions.map(({ node }) => node)])
  if (ended.length === 0) return { left: [], offline: [] }
  return consequencesOf(
    tx,
    ended.map(({ id }) => id),
    ended.map(({ userId }) => userId),
  )
}

/** Ends all sessions of a locked user, in whichever process they are. */
export async function endSessionsOf(tx: Tx, userId: number): Promise<Ended> {
  return consequencesOf(tx, await tx.all(endAllStatement, [userId]), [userId])
}

async function consequencesOf(tx: Tx, sessionIds: number[], userIds: number[]): Promise<Ended> {
  const left = await tx.all(leaveStatement, [sessionIds])
  const offline = await tx.all(goOfflineStatement, [userIds])
  return { left, offline }
}

const endStatement = reading(
  'end-user-sessions',
  select(columnsOf({ id: int8, userId: int8 }, 'us')),
  (columns) => `
    update user_session us set state = 'ENDED', end_time = chatterie_clock()
    from unnest($1::bigint[], $2::bigint[]) i (id, node)
    where us.id = i.id and us.node = i.node and us.state = 'ACTIVE'
    returning ${columns}`,
)
const endAllStatement = reading(
  'end-sessions-of-user',
  column(int8, 'us.id'),
  (columns) => `
    update user_session us set state = 'ENDED', end_time = chatterie_clock()
    where us.user_id = $1 and us.state = 'ACTIVE' returning ${columns}`,
)
const leaveStatement = reading(
  'leave-channels',
  select({ userId: column(int8, 'us.user_id'), channelId: column(int8, 'ended.channel_id') }),
  (columns) => `
    with ended as (
      update chat_session set state = 'ENDED', end_time = chatterie_clock()
      where session_id = any($1::bigint[]) and state = 'ACTIVE' returning session_id, channel_id
    )
    select distinct ${columns} from ended join user_session us on us.id = ended.session_id
    where not exists (
      select from chat_session cs join user_session other on other.id = cs.session_id
      where cs.channel_id = ended.channel_id and cs.state = 'ACTIVE' and other.user_id = us.user_id
        and other.state = 'ACTIVE')`,
)
const goOfflineStatement = reading(
  'go-offline',
  column(int8, 'u.id'),
  (columns) => `
    update "user" u set presence_online = false,
      presence_status = case presence_status when 'AVAILABLE' then 'UNAVAILABLE' else presence_status end
    where u.id = any($1::bigint[]) and u.presence_online and not exists (
      select from user_session us where us.user_id = u.id and us.state = 'ACTIVE')
    returning ${columns}`,
)
