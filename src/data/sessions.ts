import { validate as isUuid } from 'uuid'
import {
  type Columns,
  columnsOf,
  int8,
  mapped,
  nullable,
  oneOf,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, type Row, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import { nodeLives } from '#data/node.ts'
import { keptMinutes } from '#data/outbox.ts'
import { userColumns } from '#data/rows.ts'
import { blockingType } from '#resources/function.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ChatSession, SessionState, UserSession } from '#resources/session.ts'
import type { User } from '#resources/user.ts'

const { sql } = Prisma

const sessionShape = {
  id: int8,
  state: oneOf<SessionState>(),
  userAgent: nullable(text),
  createdTime: timestamptz,
  endTime: nullable(timestamptz),
}

/** Of session `us` and its user `u`. */
const sessionColumns: Columns<UserSession> = mapped(
  select({ ...columnsOf(sessionShape, 'us'), user: userColumns('u') }),
  ({ id, state, userAgent, createdTime, endTime, user }) => ({
    id,
    state,
    userAgent: userAgent ?? undefined,
    createdTime,
    endTime: endTime ?? undefined,
    user,
  }),
)

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
      columns: sessionColumns,
      joins: 'join user_session us on us.id = page.id join "user" u on u.id = us.user_id',
    },
    page,
  )
}

const findStatement = reading(
  'find-user-session',
  sessionColumns,
  (columns) => `
    select ${columns} from user_session us join "user" u on u.id = us.user_id
    where us.id = $2 and us.application_id = $1`,
)

export async function findUserSession(
  db: Db,
  applicationId: number,
  id: number,
): Promise<UserSession | undefined> {
  return db.one(findStatement, [applicationId, id])
}

const chatSessionShape = {
  id: int8,
  state: oneOf<SessionState>(),
  channelId: int8,
  createdTime: timestamptz,
  endTime: nullable(timestamptz),
}

const chatSessionColumns: Columns<ChatSession> = mapped(
  select({ ...columnsOf(chatSessionShape, 'cs'), session: sessionColumns }),
  ({ id, state, channelId, createdTime, endTime, session }) => ({
    id,
    state,
    channelId,
    createdTime,
    endTime: endTime ?? undefined,
    session,
  }),
)

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
      columns: chatSessionColumns,
      joins: `
        join chat_session cs on cs.id = page.id
        join user_session us on us.id = cs.session_id join "user" u on u.id = us.user_id`,
    },
    page,
  )
}

// ------------------------------------------------------------------------------------------ real time

/** An application as a connecting client finds it by its API key; undefined for what is no key, too. */
export async function findApplicationByKey(db: Db, key: string) {
  if (!isUuid(key)) return undefined
  const [row] = await db.query(applicationStatement, [key])
  return row && toEntrance(row)
}

/** Who gets into an application. */
export interface Entrance {
  id: number
  guestUsers: boolean
  /** Whether functions decide. */
  isGuarded: boolean
}

function toEntrance(row: Row): Entrance {
  return { id: row[0] as number, guestUsers: row[1] === 'ENABLED', isGuarded: row[2] as boolean }
}

const entrance = `
  select a.id, a.guest_users, exists (
    select from function f where f.application_id = a.id and f.type = '${blockingType}' and f.enabled
      and f.current_version_number > 0)
  from application a where a.closed_time is null`

const applicationStatement = {
  name: 'find-application-by-key',
  text: `${entrance} and a.key = $1::uuid`,
}

/** Those of these applications that somebody may get into. */
export async function findEntrances(db: Db, ids: number[]): Promise<Map<number, Entrance>> {
  const rows = await db.query(entrancesStatement, [ids])
  return new Map(rows.map((row) => [row[0] as number, toEntrance(row)]))
}

const entrancesStatement = { name: 'find-entrances', text: `${entrance} and a.id = any($1::bigint[])` }

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

const sessionUser = userColumns('u')
const sessionRowColumns = `us.id, us.key, us.acked_position, us.topics, us.vouched, us.node, ${sessionUser.text}`

function toSessionRow(row: Row): SessionRow {
  return {
    id: row[0] as number,
    key: row[1] as string,
    ackedPosition: row[2] as number,
    topics: row[3] as TopicPositions | null,
    isVouched: row[4] as boolean,
    node: row[5] as number,
    user: sessionUser.read(row, 6),
  }
}

/** A session that can go on, or why it cannot; undefined where there is none of this key and user. */
export async function findResumable(
  db: Db,
  { applicationId, key, username }: { applicationId: number; key: string; username: string },
): Promise<SessionRow | 'too late' | 'user deleted' | undefined> {
  const [row] = await db.query(resumableStatement, [applicationId, key, username])
  if (!row) return undefined
  if (row[1]) return 'user deleted'
  return row[0] ? toSessionRow(row.slice(2)) : 'too late'
}

const resumableStatement = {
  name: 'find-resumable-session',
  text: `
    select (us.state = 'ACTIVE' and us.detached_time is null)
             or us.detached_time > now() - interval '${keptMinutes} minutes',
           u.deleted_time is not null, ${sessionRowColumns}
    from user_session us join "user" u on u.id = us.user_id
    where us.key = $2::uuid and us.application_id = $1 and u.name = $3`,
}

/** Whether a session of a user that began before then is still on. Index: user_session (user_id, state). */
export async function wasConnected(db: Db, userId: number, then: Date): Promise<boolean> {
  const rows = await db.query(connectedStatement, [userId, then.toISOString()])
  return rows.length > 0
}

const connectedStatement = {
  name: 'was-connected',
  text: `
    select 1 from user_session where user_id = $1 and state = 'ACTIVE' and created_time <= $2::timestamptz limit 1`,
}

/** Locks a user whose sessions begin or end, so that the first and the last of them know that they are. */
async function lockPresence(tx: Tx, userId: number): Promise<void> {
  await tx.prisma.$executeRaw`select from "user" where id = ${BigInt(userId)} for no key update`
}

export interface NewSession {
  applicationId: number
  userId: number
  key: string
  userAgent: string | undefined
  node: number
  position: number
  isVouched: boolean
}

/** @returns the session's id, and whether the user has come online by it */
export async function insertSession(tx: Tx, session: NewSession): Promise<{ id: number; isFirst: boolean }> {
  await lockPresence(tx, session.userId)
  const row = await tx.prisma.userSession.create({
    data: {
      applicationId: session.applicationId,
      userId: session.userId,
      key: session.key,
      userAgent: session.userAgent ?? null,
      node: session.node,
      ackedPosition: session.position,
      vouched: session.isVouched,
    },
    select: { id: true },
  })
  return { id: Number(row.id), isFirst: await comeOnline(tx, session.userId) }
}

/** Takes a session over into this process. @returns whether the user has come online by it */
export async function resumeSessionRow(
  tx: Tx,
  { id, userId, node, isVouched }: { id: number; userId: number; node: number; isVouched: boolean },
): Promise<boolean> {
  await lockPresence(tx, userId)
  await tx.prisma.userSession.update({
    where: { id },
    data: {
      state: 'ACTIVE',
      endTime: null,
      detachedTime: null,
      topics: Prisma.DbNull,
      node,
      vouched: isVouched,
    },
    select: { id: true },
  })
  return comeOnline(tx, userId)
}

/** What a user chose to be stays; only UNAVAILABLE becomes AVAILABLE. */
async function comeOnline(tx: Tx, userId: number): Promise<boolean> {
  const changed = await tx.prisma.$executeRaw`
    update "user" set presence_online = true,
      presence_status = case presence_status when 'UNAVAILABLE' then 'AVAILABLE' else presence_status end
    where id = ${BigInt(userId)} and not presence_online and deleted_time is null`
  return changed > 0
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
  const { count } = await tx.prisma.userSession.updateMany({
    where: { id, node, state: 'ACTIVE' },
    data: { state: 'ENDED', endTime: new Date() },
  })
  if (count === 0) return undefined
  const left = await tx.prisma.$queryRaw<{ channelId: bigint }[]>`
    with ended as (
      update chat_session set state = 'ENDED', end_time = now()
      where session_id = ${BigInt(id)} and state = 'ACTIVE' returning channel_id
    )
    select distinct channel_id as "channelId" from ended where not exists (
      select from chat_session cs join user_session us on us.id = cs.session_id
      where cs.channel_id = ended.channel_id and cs.state = 'ACTIVE' and us.user_id = ${BigInt(userId)}
        and us.id <> ${BigInt(id)} and us.state = 'ACTIVE')`
  const changed = await tx.prisma.$executeRaw`
    update "user" set presence_online = false,
      presence_status = case presence_status when 'AVAILABLE' then 'UNAVAILABLE' else presence_status end
    where id = ${BigInt(userId)} and presence_online and not exists (
      select from user_session us where us.user_id = ${BigInt(userId)} and us.state = 'ACTIVE')`
  return { channelIds: left.map(({ channelId }) => Number(channelId)), isLast: changed > 0 }
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
  await db.query(detachStatement, [id, node, position, JSON.stringify(topics)])
}

const detachStatement = {
  name: 'detach-session',
  text: `
    update user_session
    set detached_time = now(), acked_position = greatest(acked_position, $3), topics = $4::jsonb
    where id = $1 and node = $2 and detached_time is null`,
}

/** Keeps how far sessions have acknowledged, for the case that their process dies. */
export async function saveAcknowledged(
  db: Db,
  node: number,
  sessions: { id: number; position: number }[],
): Promise<void> {
  await db.query(acknowledgeStatement, [
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
  await db.query(orphanStatement, [])
  const rows = await db.query(orphansStatement, [graceMs])
  return rows.map((row) => ({
    id: row[0] as number,
    applicationId: row[1] as number,
    userId: row[2] as number,
    node: row[3] as number,
  }))
}

const orphan = `us.state = 'ACTIVE' and not ${nodeLives('us.node')}`
const orphanStatement = {
  name: 'note-orphaned-sessions',
  text: `update user_session us set detached_time = now() where us.detached_time is null and ${orphan}`,
}
const orphansStatement = {
  name: 'find-orphaned-sessions',
  text: `
    select us.id, us.application_id, us.user_id, us.node from user_session us
    where us.detached_time < now() - $1::int * interval '1 millisecond' and ${orphan} limit 500`,
}

/** Opens the presence of a session in a channel; false where it was open. */
export async function insertChatSession(
  tx: Tx,
  { sessionId, userId, channelId }: { sessionId: number; userId: number; channelId: number },
): Promise<'open before' | 'first of the user' | 'another of the user'> {
  await lockPresence(tx, userId)
  const rows = await tx.prisma.$queryRaw<{ session: bigint }[]>`
    select cs.session_id as session from chat_session cs join user_session us on us.id = cs.session_id
    where cs.channel_id = ${BigInt(channelId)} and cs.state = 'ACTIVE' and us.user_id = ${BigInt(userId)}
      and us.state = 'ACTIVE'`
  if (rows.some(({ session }) => Number(session) === sessionId)) return 'open before'
  await tx.prisma.chatSession.create({ data: { sessionId, channelId }, select: { id: true } })
  return rows.length === 0 ? 'first of the user' : 'another of the user'
}

/** Closes it. @returns whether the user has no other in the channel; undefined where it was not open */
export async function endChatSessionRow(
  tx: Tx,
  { sessionId, userId, channelId }: { sessionId: number; userId: number; channelId: number },
): Promise<{ isLast: boolean } | undefined> {
  await lockPresence(tx, userId)
  const { count } = await tx.prisma.chatSession.updateMany({
    where: { sessionId, channelId, state: 'ACTIVE' },
    data: { state: 'ENDED', endTime: new Date() },
  })
  if (count === 0) return undefined
  const others = await tx.prisma.chatSession.count({
    where: { channelId, state: 'ACTIVE', session: { userId, state: 'ACTIVE' } },
  })
  return { isLast: others === 0 }
}

/** Channels in which somebody is present, of those that each user is a member of. */
export async function livelyChannelsOf(db: Db, userIds: number[]): Promise<Map<number, number[]>> {
  const channels = new Map<number, number[]>()
  for (const row of await db.query(livelyStatement, [userIds])) {
    const userId = row[0] as number
    channels.set(userId, [...(channels.get(userId) ?? []), row[1] as number])
  }
  return channels
}

const livelyStatement = {
  name: 'lively-channels-of-users',
  text: `
    select cm.user_id, cm.channel_id from channel_membership cm
    where cm.user_id = any($1::bigint[]) and exists (
      select from chat_session cs where cs.channel_id = cm.channel_id and cs.state = 'ACTIVE')`,
}
