// The life of sessions: they begin, lose their connection, are resumed, and end.
import { bool, column, columnsOf, int8, jsonb, nullable, select, uuid } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { nodeLives } from '#data/events/node.ts'
import type { User } from '#resources/user.ts'

/**
 * What a session listened to when it lost its connection: by topic, the position through which it had acknowledged it,
 * and the ids of its subscriptions. `*` is any other topic, where that is not known.
 */
export type TopicPositions = Record<string, [position: number, ...ids: string[]]>

/** A session that is connected, or may be again. */
export interface SessionRow {
  id: number
  key: string
  ackedPosition: number
  /** Null where its process died with it. */
  topics: TopicPositions | null
  isVouched: boolean
  /** The process that had it last. */
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

/** Whether a session of a user that began before then is still on. Index: user_session (user_id, state). */
export async function wasConnected(db: Db, userId: number, then: Date): Promise<boolean> {
  return (await db.run(connectedStatement, [userId, then.toISOString()])) > 0
}

const connectedStatement = {
  name: 'was-connected',
  text: `
    select from user_session where user_id = $1 and state = 'ACTIVE' and created_time <= $2::timestamptz limit 1`,
}

/** Locks a user whose sessions begin or end, so that the first and the last of them know that they are. */
async function lockPresence(tx: Tx, userId: number): Promise<void> {
  await tx.run(lockPresenceStatement, [userId])
}

const lockPresenceStatement = {
  name: 'lock-presence',
  text: 'select from "user" where id = $1 for no key update',
}

/**
 * Ends a session and what it had open.
 * @returns the channels that the user has left by it, and whether the user has gone offline; undefined where it has
 * ended before, or another process has taken it over
 */
export async function endSessionRow(
  tx: Tx,
  { id, userId, node }: { id: number; userId: number; node: number },
): Promise<{ channelIds: number[]; isLast: boolean } | undefined> {
  await lockPresence(tx, userId)
  if ((await tx.run(endStatement, [id, node])) === 0) return undefined
  const channelIds = await tx.all(leaveStatement, [id, userId])
  return { channelIds, isLast: (await tx.run(goOfflineStatement, [userId])) > 0 }
}

const endStatement = {
  name: 'end-user-session',
  text: `
    update user_session set state = 'ENDED', end_time = chatterie_clock() where id = $1 and node = $2 and state = 'ACTIVE'`,
}
const leaveStatement = reading(
  'leave-channels',
  column(int8, 'channel_id'),
  (columns) => `
    with ended as (
      update chat_session set state = 'ENDED', end_time = chatterie_clock()
      where session_id = $1 and state = 'ACTIVE' returning channel_id
    )
    select distinct ${columns} from ended where not exists (
      select from chat_session cs join user_session us on us.id = cs.session_id
      where cs.channel_id = ended.channel_id and cs.state = 'ACTIVE' and us.user_id = $2
        and us.id <> $1 and us.state = 'ACTIVE')`,
)
const goOfflineStatement = {
  name: 'go-offline',
  text: `
    update "user" set presence_online = false,
      presence_status = case presence_status when 'AVAILABLE' then 'UNAVAILABLE' else presence_status end
    where id = $1 and presence_online and not exists (
      select from user_session us where us.user_id = $1 and us.state = 'ACTIVE')`,
}

export interface DetachedSession {
  id: number
  node: number
  position: number
  topics: TopicPositions
}

/** Notes that a session has lost its connection, what it listened to, and what it had acknowledged by then. */
export async function detachSessionRow(
  db: Db,
  { id, node, position, topics }: DetachedSession,
): Promise<void> {
  await db.run(detachStatement, [id, node, position, JSON.stringify(topics)])
}

const detachStatement = {
  name: 'detach-session',
  text: `
    update user_session
    set detached_time = chatterie_clock(), acked_position = greatest(acked_position, $3), topics = $4::jsonb
    where id = $1 and node = $2 and detached_time is null`,
}

/** Keeps how far sessions have acknowledged, for the case that their process dies. */
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

/** Sessions whose process died: those it left connected are noted as lost now, and may be resumed from then on. */
export async function findOrphans(db: Db, graceMs: number) {
  await db.run(orphanStatement, [])
  return db.all(orphansStatement, [graceMs])
}

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
    where us.detached_time < chatterie_clock() - $1::int * interval '1 millisecond' and ${orphan} limit 500`,
)

/** Opens the presence of a session in a channel; false where it was open. */
export async function insertChatSession(
  tx: Tx,
  { sessionId, userId, channelId }: { sessionId: number; userId: number; channelId: number },
): Promise<'open before' | 'first of the user' | 'another of the user'> {
  await lockPresence(tx, userId)
  const open = await tx.all(openStatement, [userId, channelId])
  if (open.includes(sessionId)) return 'open before'
  await tx.run(openChatStatement, [sessionId, channelId])
  return open.length === 0 ? 'first of the user' : 'another of the user'
}

/** Sessions by which a user is present in a channel. */
const openStatement = reading(
  'open-chat-sessions',
  column(int8, 'cs.session_id'),
  (columns) => `
    select ${columns} from chat_session cs join user_session us on us.id = cs.session_id
    where cs.channel_id = $2 and cs.state = 'ACTIVE' and us.user_id = $1 and us.state = 'ACTIVE'`,
)
const openChatStatement = {
  name: 'insert-chat-session',
  text: 'insert into chat_session (session_id, channel_id) values ($1, $2)',
}

/** Closes it. @returns whether the user has no other in the channel; undefined where it was not open */
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

/** Channels in which somebody is present, of those that each user is a member of. */
export async function livelyChannelsOf(db: Db, userIds: number[]): Promise<Map<number, number[]>> {
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
