// The events that committed and are not yet told.

import {
  bool,
  type Columns,
  column,
  columnsOf,
  int8,
  joined,
  jsonb,
  nullable,
  oneOf,
  type ReadBy,
  select,
} from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'
import { counterMoves } from '#data/events/counters.ts'
import { type Lead, leadPart } from '#data/events/node.ts'
import { askFunctionsParts } from '#data/functions/function-runs.ts'
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
  return toTaken(
    only === undefined
      ? await db.all(takeStatement, [limit, node, term])
      : await db.all(takeOneStatement, [only, node, term]),
  )
}

/** Takes an event for nothing but its counters and its place in the log, for the rest of it cannot be done. */
export async function takeAside(db: Db, { node, term }: Lead, id: number): Promise<TakenEvents | undefined> {
  return toTaken(await db.all(asideStatement, [id, node, term]))
}

/** The oldest event that can be taken. */
export function firstUntaken(db: Db): Promise<number | undefined> {
  return db.one(firstStatement, [])
}

const firstStatement = reading(
  'first-untaken-event',
  column(int8, 'id'),
  (columns) => `select ${columns} from outbox_event order by id limit 1 for update skip locked`,
)

export interface TakenEvents {
  taken: number
  /** How many messages members are to be told of. */
  tasks: number
  /** How many runs of functions they ask for. */
  asked: number
  /** Those that somebody may listen to. */
  events: CommittedEvent[]
}

export const loggedShape = {
  position: int8,
  applicationId: int8,
  type: oneOf<CommittedEvent['type']>(),
  channelId: nullable(int8),
  threadId: nullable(int8),
  payload: jsonb<CommittedEvent['payload']>(),
}
const logged: Columns<CommittedEvent> = select(columnsOf(loggedShape, 'logged'))

/** Of what was taken: how much, and each event that is logged. */
const takenColumns = select({
  leads: column(int8, '(select count(*) from lead)'),
  taken: column(int8, '(select count(*) from taken)'),
  tasks: column(int8, '(select count(*) from tasks)'),
  asked: column(int8, '(select count(*) from asked)'),
  event: joined(logged),
})

function toTaken(rows: ReadBy<typeof takenColumns>[]): TakenEvents | undefined {
  const [head] = rows
  if (!head || head.leads === 0) return undefined
  const { taken, tasks, asked } = head
  return { taken, tasks, asked, events: rows.flatMap(({ event }) => event ?? []) }
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
  select ${takenColumns.text}
  from lazily left join logged on true order by position`

const takeStatement = {
  name: 'take-events',
  text: taking('true order by id limit $1', effectParts),
  columns: takenColumns,
}
const takeOneStatement = { text: taking('id = $1', effectParts), columns: takenColumns }
const asideStatement = { text: taking('id = $1', noEffectParts), columns: takenColumns }

/** The position of the last event of all; 0 before the first. What comes up to there can be read. */
export async function lastPosition(db: Db): Promise<number> {
  return (await db.single(lastStatement, [])) ?? 0
}

// Not the sequence: it knows of positions whose events have yet to commit, and whoever went on from there would miss
// them.
const lastStatement = reading(
  'last-position',
  column(nullable(int8), 'max(position)'),
  (columns) => `select ${columns} from event_log`,
)

/** The last of a channel's events that is not taken yet, of those up to `through`; undefined where all are. */
export async function lastUntaken(
  db: Db,
  channelId: number,
  through = Number.MAX_SAFE_INTEGER,
): Promise<number | undefined> {
  return (await db.single(untakenStatement, [channelId, through])) ?? undefined
}

const untakenStatement = reading(
  'last-untaken-event',
  column(nullable(int8), 'max(id)'),
  (columns) => `select ${columns} from outbox_event where channel_id = $1 and id <= $2`,
)

/** The first of the events of all applications behind a position, up to another one. */
export async function eventsBetween(
  db: Db,
  after: number,
  through: number,
  max: number,
): Promise<CommittedEvent[]> {
  return db.all(betweenStatement, [after, through, max])
}

const betweenStatement = reading(
  'events-between',
  logged,
  (columns) => `
    select ${columns} from event_log logged where position > $1 and position <= $2 order by position limit $3`,
)

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
  const rows = await db.all(forStatement, [after, through, applicationId, userId, channelIds, max])
  return rows[0]?.isForgotten ? undefined : rows.flatMap(({ event }) => event ?? [])
}

const forStatement = reading(
  'events-for-user',
  select({ isForgotten: column(bool, 'kept.oldest > $1 + 1'), event: joined(logged) }),
  (columns) => `
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
    select ${columns}
    from (select coalesce(min(position), $2 + 1) as oldest from event_log) kept left join missed logged on true
    order by position`,
)

/** Events in their order, of which nothing is told yet, that change what a user is to channels and to others. */
export async function untoldChangesOf(
  db: Db,
  { applicationId, userId }: Omit<MissedBy, 'channelIds'>,
  toldThrough: number,
): Promise<Pick<CommittedEvent, 'type' | 'channelId' | 'payload'>[]> {
  return db.all(untoldStatement, [applicationId, userId, toldThrough])
}

const changesRelations = `application_id = $1 and (${relating('$2')})`
const { type, channelId, payload } = loggedShape
const untoldStatement = reading(
  'untold-changes-of-user',
  select(columnsOf({ type, channelId, payload }, 'untold')),
  (columns) => `
    select ${columns} from (
      select 0 as place, position as at, type, channel_id, payload from event_log
      where position > $3 and ${changesRelations}
      union all
      select 1, id, type, channel_id, payload from outbox_event where ${changesRelations}
    ) untold
    order by place, at`,
)

/** Forgets what is too old to be told, but for the last of all. @returns how many events */
export function deleteOldEvents(db: Db): Promise<number> {
  return db.single(forgetStatement, [forgottenMax])
}

const forgottenMax = 10_000
const forgetStatement = reading(
  'forget-events',
  column(int8, 'count(*)'),
  (columns) => `
    with gone as (
      delete from event_log where position in (
        select position from event_log where created_time < now() - interval '${loggedMinutes} minutes'
          and position < (select max(position) from event_log)
        order by created_time limit $1
      ) returning 1
    )
    select ${columns} from gone`,
)
