// The events that committed and are not yet told.
import { counterMoves } from '#data/counters.ts'
import type { Db, Row } from '#data/database.ts'
import { askFunctionsParts } from '#data/function-runs.ts'
import { type Lead, leadPart } from '#data/node.ts'
import { channelActivityParts } from '#data/sql/channel-activity.ts'
import { inList } from '#data/sql/in-list.ts'
import { type CommittedEvent, type EventType, eventsWhere, eventsWith } from '#resources/events.ts'

export const dispatchBatchMax = 500

/** How long a client may be away and is told what it missed. */
export const keptMinutes = 10

/** What is older is forgotten: positions of connected sessions are kept now and then only, and may lie behind. */
const loggedMinutes = 2 * keptMinutes

/** Which events to take. */
export interface Batch {
  /** Of the oldest. */
  limit?: number
  /** The one with this id alone. */
  only?: number | undefined
}

/**
 * Takes up to {@link dispatchBatchMax} events, oldest first, in one commit: adds them to their counters, notes the
 * messages that members are to be told of and the functions that are to run, shows the channels they were sent to
 * again to who had hidden them, and gives those of applications with real-time sessions their position in the log. The
 * leader alone takes events, so that positions are in the order in which events are told. Counters are locked in one
 * order, so that nobody waits in a circle.
 * @returns nothing where the lead is another's
 */
export async function takeEvents(
  db: Db,
  { node, term }: Lead,
  { limit = dispatchBatchMax, only }: Batch = {},
): Promise<TakenEvents | undefined> {
  const rows =
    only === undefined
      ? await db.query(takeStatement, [limit, node, term])
      : await db.query(takeOneStatement, [only, node, term])
  return toTaken(rows)
}

/** Takes an event for nothing but its counters and its place in the log, for the rest of it cannot be done. */
export async function takeAside(db: Db, { node, term }: Lead, id: number): Promise<TakenEvents | undefined> {
  return toTaken(await db.query(asideStatement, [id, node, term]))
}

/** The oldest event that can be taken. */
export async function firstUntaken(db: Db): Promise<number | undefined> {
  const [row] = await db.query(firstStatement, [])
  return row?.[0] as number | undefined
}

const firstStatement = {
  name: 'first-untaken-event',
  text: 'select id from outbox_event order by id limit 1 for update skip locked',
}

export interface TakenEvents {
  taken: number
  /** How many messages members are to be told of. */
  tasks: number
  /** How many runs of functions they ask for. */
  asked: number
  /** Those that somebody may listen to. */
  events: CommittedEvent[]
}

function toTaken(rows: Row[]): TakenEvents | undefined {
  const [leads, taken, tasks, asked] = (rows[0] ?? [0, 0, 0, 0]) as [number, number, number, number]
  if (leads === 0) return undefined
  return { taken, tasks, asked, events: rows.filter((row) => row[4] !== null).map((row) => toEvent(row, 4)) }
}

function toEvent(row: Row, at = 0): CommittedEvent {
  return {
    position: row[at] as number,
    applicationId: row[at + 1] as number,
    type: row[at + 2] as CommittedEvent['type'],
    channelId: row[at + 3] as number | null,
    threadId: row[at + 4] as number | null,
    payload: row[at + 5] as CommittedEvent['payload'],
  }
}

const eventColumns = 'position, application_id, type, channel_id, thread_id, payload'

const moves = counterMoves.map(({ type, scope, owner }) => `('${type}', '${scope}', '${owner}')`).join(', ')

/** What is done with events that are `taken`, whatever they say. */
const keptParts = `
  moved as (
    select m.scope,
           case m.owner when 'application' then t.application_id when 'channel' then t.channel_id else t.thread_id end
             as scope_id,
           sum(t.count) as change
    from taken t join (values ${moves}) m (type, scope, owner) on m.type = t.type
    where t.count <> 0
    group by 1, 2
  ), folded as (
    insert into counter (scope, scope_id, value)
    select scope, scope_id, change from moved where scope_id is not null order by scope, scope_id
    on conflict (scope, scope_id) do update set value = counter.value + excluded.value
  ), heard as (
    select a.id from (select distinct application_id as id from taken) a
    where exists (select from user_session us where us.application_id = a.id and us.state = 'ACTIVE')
      or exists (
        select from user_session us
        where us.application_id = a.id and us.end_time > now() - interval '${keptMinutes} minutes')
  ), logged as (
    insert into event_log (application_id, type, channel_id, thread_id, payload)
    select application_id, type, channel_id, thread_id, payload from taken
    where application_id in (select id from heard) order by taken.id
    returning ${eventColumns}
  )`

/** What events set off. */
const effectParts = `
  tasks as (
    insert into notification_task (message_id)
    select (t.payload ->> 'messageId')::bigint from taken t
    where t.type in ${inList(eventsWith('notifies members'))} and t.payload ? 'messageId'
      and exists (select from channel_membership cm where cm.channel_id = t.channel_id)
    on conflict (message_id) do nothing
    returning 1
  ), unhidden as (
    update channel_membership cm set hidden = false from (
      select distinct application_id, channel_id from taken where type in ${inList(eventsWith('unhides channel'))}
    ) t
    where cm.channel_id = t.channel_id and cm.hidden returning t.application_id, cm.channel_id, cm.user_id
  ), shown as (
    insert into outbox_event (application_id, type, channel_id, payload)
    select application_id, '${'channel.membership.changed' satisfies EventType}', channel_id,
           jsonb_build_object('userId', user_id, 'change', 'unhidden') from unhidden
  ), ${channelActivityParts(String(dispatchBatchMax))}, ${askFunctionsParts}`

const noEffectParts = 'tasks as (select where false), asked as (select where false)'

// Where nobody listens, its commit does not wait for the disk, for which sends are waiting in turn: a crash of Postgres
// that loses it leaves all as if the events had not been taken. What is to be told is kept before: else it would be
// taken, and told, a second time.
const taking = (which: string, effects: string) => `
  with ${leadPart('$2', '$3')}, taken as (
    delete from outbox_event where id in (
      select id from outbox_event where exists (select from lead) and ${which} for update skip locked
    ) returning *
  ), ${keptParts}, ${effects}, lazily as (
    select case when not exists (select from heard) then set_config('synchronous_commit', 'off', true) end
  )
  select (select count(*) from lead), (select count(*) from taken), (select count(*) from tasks),
         (select count(*) from asked), logged.*
  from lazily left join logged on true order by position`

const takeStatement = { name: 'take-events', text: taking('true order by id limit $1', effectParts) }
const takeOneStatement = { text: taking('id = $1', effectParts) }
const asideStatement = { text: taking('id = $1', noEffectParts) }

/** The position of the last event of all; 0 before the first. What comes up to there can be read. */
export async function lastPosition(db: Db): Promise<number> {
  const [row] = await db.query(lastStatement, [])
  return (row?.[0] as number | null) ?? 0
}

// Not the sequence: it knows of positions whose events have yet to commit, and whoever went on from there would miss
// them.
const lastStatement = { name: 'last-position', text: 'select max(position) from event_log' }

/** The last of a channel's events that is not taken yet, of those up to `through`; undefined where all are. */
export async function lastUntaken(
  db: Db,
  channelId: number,
  through = Number.MAX_SAFE_INTEGER,
): Promise<number | undefined> {
  const [row] = await db.query(untakenStatement, [channelId, through])
  return (row?.[0] as number | null) ?? undefined
}

const untakenStatement = {
  name: 'last-untaken-event',
  text: 'select max(id) from outbox_event where channel_id = $1 and id <= $2',
}

/** The first of the events of all applications behind a position, up to another one. */
export async function eventsBetween(
  db: Db,
  after: number,
  through: number,
  max: number,
): Promise<CommittedEvent[]> {
  const rows = await db.query(betweenStatement, [after, through, max])
  return rows.map((row) => toEvent(row))
}

const betweenStatement = {
  name: 'events-between',
  text: `select ${eventColumns} from event_log where position > $1 and position <= $2
    order by position limit $3`,
}

/** SQL text: whether an event changes what a user is to channels and to others. @param among these alone */
function relating(userId: string, among?: ReadonlySet<EventType>): string {
  const says = {
    userId: `jsonb_build_object('userId', ${userId}::bigint)`,
    by: `jsonb_build_object('by', ${userId}::bigint)`,
    memberIds: `jsonb_build_object('memberIds', jsonb_build_array(${userId}::bigint))`,
  }
  return Object.entries(says)
    .flatMap(([key, said]) => {
      const types = [...eventsWhere(({ relates }) => relates === key)].filter(
        (type) => among?.has(type) ?? true,
      )
      return types.length === 0 ? [] : [`type in ${inList(types)} and payload @> ${said}`]
    })
    .join(' or ')
}

/** Whose events a session missed. */
export interface MissedBy {
  applicationId: number
  userId: number
  /** Channels whose events concern it, besides those that it was taken out of meanwhile. */
  channelIds: number[]
}

/**
 * What may concern a user behind a position, in order: `max` events at most, or undefined where some of what was told
 * since is forgotten already.
 */
export async function eventsFor(
  db: Db,
  { applicationId, userId, channelIds }: MissedBy,
  after: number,
  through: number,
  max: number,
): Promise<CommittedEvent[] | undefined> {
  const rows = await db.query(forStatement, [after, through, applicationId, userId, channelIds, max])
  if (rows[0]?.[0]) return undefined
  return rows.filter((row) => row[1] !== null).map((row) => toEvent(row, 1))
}

const forStatement = {
  name: 'events-for-user',
  text: `
    with gone as (
      select channel_id from event_log
      where position > $1 and position <= $2 and application_id = $3
        and (${relating('$4', eventsWith('ends membership'))})
    ), missed as (
      select ${eventColumns} from event_log
      where position > $1 and position <= $2 and application_id = $3
        and (channel_id = any($5::bigint[]) or payload @> jsonb_build_object('userId', $4::bigint)
          or payload @> jsonb_build_object('by', $4::bigint) or payload @> jsonb_build_object('authorId', $4::bigint)
          or type in ${inList(eventsWhere(({ audience }) => audience === 'application'))}
          or channel_id in (select channel_id from gone))
      order by position limit $6
    )
    select kept.oldest > $1 + 1, missed.*
    from (select coalesce(min(position), $2 + 1) as oldest from event_log) kept left join missed on true
    order by position`,
}

/** Events in their order, of which nothing is told yet, that change what a user is to channels and to others. */
export async function untoldChangesOf(
  db: Db,
  { applicationId, userId }: Omit<MissedBy, 'channelIds'>,
  toldThrough: number,
): Promise<Pick<CommittedEvent, 'type' | 'channelId' | 'payload'>[]> {
  const rows = await db.query(untoldStatement, [applicationId, userId, toldThrough])
  return rows.map((row) => ({
    type: row[0] as CommittedEvent['type'],
    channelId: row[1] as number | null,
    payload: row[2] as CommittedEvent['payload'],
  }))
}

const changesRelations = `application_id = $1 and (${relating('$2')})`
const untoldStatement = {
  name: 'untold-changes-of-user',
  text: `
    select type, channel_id, payload from (
      select 0 as place, position as at, type, channel_id, payload from event_log
      where position > $3 and ${changesRelations}
      union all
      select 1, id, type, channel_id, payload from outbox_event where ${changesRelations}
    ) untold
    order by place, at`,
}

/** Forgets what is too old to be told, but for the last of all. @returns how many events */
export async function deleteOldEvents(db: Db): Promise<number> {
  const [row] = await db.query(forgetStatement, [forgottenMax])
  return row?.[0] as number
}

const forgottenMax = 10_000
const forgetStatement = {
  name: 'forget-events',
  text: `
    with gone as (
      delete from event_log where position in (
        select position from event_log where created_time < now() - interval '${loggedMinutes} minutes'
          and position < (select max(position) from event_log)
        order by created_time limit $1
      ) returning 1
    )
    select count(*) from gone`,
}
