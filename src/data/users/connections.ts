// Sessions while they are connected; arrivals.ts has how they begin, departures.ts how they end.
import { bool, column, columnsOf, int8, jsonb, nullable, select, uuid } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { nodeLives } from '#data/events/node.ts'
import type { User } from '#resources/user.ts'

/**
 * The subscriptions of a session that lost its connection: by topic, the position up to which it had acknowledged
 * events, and the ids of its subscriptions. `*` stands for any other topic for which these are not known;
 * `#` has the ids of channels whose last message is delivered again.
 */
export type TopicPositions = Record<string, [position: number, ...ids: string[]]>

/** A session that is connected or may be resumed. */
export interface SessionRow {
  id: number
  key: string
  ackedPosition: number
  /** Null if its process died before it could store them. */
  topics: TopicPositions | null
  isVouched: boolean
  /** The process that last had the session. */
  node: number
  user: User
}

export const resumableShape = {
  id: int8,
  key: uuid,
  ackedPosition: int8,
  topics: nullable(jsonb<TopicPositions>()),
  vouched: bool,
  node: int8,
}

/** Returns whether a session that began by `then` is still active. Index: user_session (user_id, state). */
export async function wasConnected(db: Db, userId: number, then: Date): Promise<boolean> {
  return (await db.run(connectedStatement, [userId, then.toISOString()])) > 0
}

const connectedStatement = {
  name: 'was-connected',
  text: `
    select from user_session where user_id = $1 and state = 'ACTIVE' and created_time <= $2::timestamptz limit 1`,
}

/** Locks a user whose sessions begin or end, so that the first and the last session are recognized as such. */
async function lockPresence(tx: Tx, userId: number): Promise<void> {
  await tx.run(lockPresenceStatement, [userId])
}

const lockPresenceStatement = {
  name: 'lock-presence',
  text: 'select from "user" where id = $1 for no key update',
}

/** Stores the acknowledged positions of sessions, in case their process dies. */
export async function saveAcknowledged(
  db: Db,
  node: number,
  sessions: { id: number; position: number }[],
): Promise<void> {
  await db.run(acknowledgeStatement, [
    node,
    sessions.map(({ id }) => id),
    sessions.map(({ position }) => position),
  ])
}

const acknowledgeStatement = {
  name: 'save-acknowledged',
  text: `
    update user_session us set acked_position = s.position
    from unnest($2::bigint[], $3::bigint[]) s (id, position)
    where us.id = s.id and us.node = $1 and us.acked_position < s.position`,
}

/**
 * Marks sessions of this process as connected, in case they were marked as lost.
 * @returns the ids of those that have neither ended nor moved to another process
 */
export function reclaimSessionRows(db: Db, node: number, ids: number[]): Promise<number[]> {
  return db.all(reclaimStatement, [node, ids])
}

const reclaimStatement = reading(
  'reclaim-sessions',
  column(int8, 'us.id'),
  (columns) => `
    update user_session us set detached_time = null, topics = null
    where us.id = any($2::bigint[]) and us.node = $1 and us.state = 'ACTIVE' returning ${columns}`,
)

/** Returns sessions of dead processes lost at least `graceMs` ago. First marks those still connected as lost now. */
export async function findOrphans(db: Db, graceMs: number) {
  await db.run(orphanStatement, [])
  return db.all(orphansStatement, [graceMs])
}

/** How many orphans are returned at a time. */
export const orphansMax = 500

const orphan = `us.state = 'ACTIVE' and not ${nodeLives('us.node')}`
const orphanStatement = {
  name: 'note-orphaned-sessions',
  text: `update user_session us set detached_time = chatterie_clock() where us.detached_time is null and ${orphan}`,
}
const orphansStatement = reading(
  'find-orphaned-sessions',
  select(columnsOf({ id: int8, applicationId: int8, userId: int8, node: int8 }, 'us')),
  (columns) => `
    select ${columns} from user_session us
    where us.detached_time < chatterie_clock() - $1::int * interval '1 millisecond' and ${orphan} limit ${orphansMax}`,
)

/** Returns the channels in which a session has an active chat session. Index: chat_session (session_id). */
export function openChatsOf(db: Db, sessionId: number): Promise<number[]> {
  return db.all(openChatsStatement, [sessionId])
}

const openChatsStatement = reading(
  'open-chats-of-session',
  column(int8, 'channel_id'),
  (columns) => `select ${columns} from chat_session where session_id = $1 and state = 'ACTIVE'`,
)

/**
 * Starts a chat session in a channel. Returns whether it is the user's first there; undefined if it was active already,
 * or the session has ended.
 */
export async function insertChatSession(
  tx: Tx,
  { sessionId, userId, channelId }: { sessionId: number; userId: number; channelId: number },
): Promise<'first of the user' | 'another of the user' | undefined> {
  await lockPresence(tx, userId)
  const open = await tx.all(openStatement, [userId, channelId])
  if (open.includes(sessionId)) return undefined
  if ((await tx.run(openChatStatement, [sessionId, channelId])) === 0) return undefined
  return open.length === 0 ? 'first of the user' : 'another of the user'
}

/** The active sessions of a user that have an active chat session in the channel. */
const openStatement = reading(
  'open-chat-sessions',
  column(int8, 'cs.session_id'),
  (columns) => `
    select ${columns} from chat_session cs join user_session us on us.id = cs.session_id
    where cs.channel_id = $2 and cs.state = 'ACTIVE' and us.user_id = $1 and us.state = 'ACTIVE'`,
)
const openChatStatement = {
  name: 'insert-chat-session',
  text: `
    insert into chat_session (session_id, channel_id)
    select us.id, $2 from user_session us where us.id = $1 and us.state = 'ACTIVE'`,
}

/** Ends a chat session. @returns whether it was the user's last in the channel; undefined if it was not active */
export async function endChatSessionRow(
  tx: Tx,
  { sessionId, userId, channelId }: { sessionId: number; userId: number; channelId: number },
): Promise<{ isLast: boolean } | undefined> {
  await lockPresence(tx, userId)
  if ((await tx.run(endChatStatement, [sessionId, channelId])) === 0) return undefined
  const others = await tx.all(openStatement, [userId, channelId])
  return { isLast: others.length === 0 }
}

const endChatStatement = {
  name: 'end-chat-session',
  text: `
    update chat_session set state = 'ENDED', end_time = chatterie_clock()
    where session_id = $1 and channel_id = $2 and state = 'ACTIVE'`,
}

/** Returns, for each user, those of their channels in which any user has an active chat session. */
export async function activeChannelsOf(db: Db, userIds: number[]): Promise<Map<number, number[]>> {
  const channels = new Map<number, number[]>()
  for (const { userId, channelId } of await db.all(livelyStatement, [userIds])) {
    channels.set(userId, [...(channels.get(userId) ?? []), channelId])
  }
  return channels
}

const livelyStatement = reading(
  'lively-channels-of-users',
  select(columnsOf({ userId: int8, channelId: int8 }, 'cm')),
  (columns) => `
    select ${columns} from channel_membership cm
    where cm.user_id = any($1::bigint[]) and exists (
      select from chat_session cs where cs.channel_id = cm.channel_id and cs.state = 'ACTIVE')`,
)
