// Events that are committed and not yet published.

import { column, int8, nullable, type ReadBy } from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'
import { dispatchBatchMax, loggedMinutes } from '#data/events/limits.ts'
import type { Lead } from '#data/events/node.ts'
import { missedEventsStatement, pendingChangesStatement } from '#data/sql/missed-events.ts'
import {
  loggedColumns,
  takeAsideStatement,
  takeEventsStatement,
  type takenColumns,
  takeOneEventStatement,
} from '#data/sql/take-events.ts'
import type { CommittedEvent, EventsOf } from '#resources/events.ts'

/** Which events to take. */
export interface Batch {
  /** How many, oldest first. */
  limit?: number
  /** Take only the event with this id. */
  only?: number | undefined
}

/**
 * Takes up to {@link dispatchBatchMax} events, oldest first, in one commit: adds them to their counters, queues
 * notification tasks, function runs and deliveries, shows channels with new messages again to members who had hidden
 * them, and assigns log positions to events of applications with real-time sessions. Only the leader takes events, so
 * that positions follow the order of publication. Counters are locked in one order to avoid deadlocks.
 * @returns undefined if another process leads
 */
export async function takeEvents(
  db: Db,
  { node, term }: Lead,
  { limit = dispatchBatchMax, only }: Batch = {},
): Promise<TakenEvents | undefined> {
  return toTaken(
    only === undefined
      ? await db.all(takeEventsStatement(limit), [node, term])
      : await db.all(takeOneEventStatement, [node, term, only]),
  )
}

/** Takes an event whose other effects fail, applying only its counters and its position in the log. */
export async function takeAside(db: Db, { node, term }: Lead, id: number): Promise<TakenEvents | undefined> {
  return toTaken(await db.all(takeAsideStatement, [node, term, id]))
}

/** Returns the id of the oldest event that is not locked. */
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
  /** How many messages have members to notify. */
  tasks: number
  /** How many function runs were queued. */
  asked: number
  /** How many webhook deliveries were queued. */
  sent: number
  /** The events that somebody may be subscribed to. */
  events: CommittedEvent[]
  /** For each of `events`, how many milliseconds ago it was written. */
  ages: number[]
}

function toTaken(rows: ReadBy<typeof takenColumns>[]): TakenEvents | undefined {
  const [head] = rows
  if (!head || head.leads === 0) return undefined
  const { taken, tasks, asked, sent } = head
  const logged = rows.filter(({ event }) => event)
  const events = logged.flatMap(({ event }) => event ?? [])
  const ages = logged.map(({ age }) => Math.max(0, age ?? 0) / 1_000)
  return { taken, tasks, asked, sent, events, ages }
}

/**
 * Reclaims the space of events that were taken. To find that an application has no waiting events, as its counters do,
 * Postgres looks at each dead row: a list of channels took 4.4 ms behind 90,000 of them and takes 0.5 ms without.
 */
export async function vacuumOutbox(db: Db): Promise<void> {
  await db.run(vacuumStatement, [])
}

const vacuumStatement = { name: 'vacuum-outbox', text: 'vacuum (skip_locked, truncate false) outbox_event' }

/** Returns the position of the last event, 0 before the first. All events up to it can be read. */
export async function lastPosition(db: Db): Promise<number> {
  return (await db.single(lastStatement, [])) ?? 0
}

// Not read from the sequence, which includes positions of uncommitted events: a reader that continued there would miss
// them.
const lastStatement = reading(
  'last-position',
  column(nullable(int8), 'max(position)'),
  (columns) => `select ${columns} from event_log`,
)

/** Returns the id of the last of these events up to `through` that is not taken yet; undefined if all are taken. */
export async function lastUntaken(
  db: Db,
  of: EventsOf,
  through = Number.MAX_SAFE_INTEGER,
): Promise<number | undefined> {
  const last =
    'channelId' in of
      ? await db.single(untakenOfChannel, [of.channelId, through])
      : await db.single(untakenOfApplication, [of.applicationId, through])
  return last ?? undefined
}

const untakenBy = (owner: 'channel' | 'application') =>
  reading(
    `last-untaken-event-of-${owner}`,
    column(nullable(int8), 'max(id)'),
    (columns) => `select ${columns} from outbox_event where ${owner}_id = $1 and id <= $2`,
  )
const untakenOfChannel = untakenBy('channel')
const untakenOfApplication = untakenBy('application')

/** Returns up to `max` events of all applications after the position `after` and up to `through`. */
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
  loggedColumns,
  (columns) => `
    select ${columns} from event_log logged where position > $1 and position <= $2 order by position limit $3`,
)

/** What a session missed: at most `max` events after the position `after` and up to `through`. */
export interface Missed {
  applicationId: number
  userId: number
  /** Channels whose events concern the session, in addition to those it was removed from meanwhile. */
  channelIds: number[]
  after: number
  through: number
  max: number
}

/** Returns the events that may concern each user, in order, or undefined if some of them have already been deleted. */
export async function eventsForEach(db: Db, missed: Missed[]): Promise<(CommittedEvent[] | undefined)[]> {
  const rows = await db.all(missedEventsStatement, [
    missed.map(({ after }) => after),
    missed.map(({ through }) => through),
    missed.map(({ applicationId }) => applicationId),
    missed.map(({ userId }) => userId),
    missed.map(({ channelIds }) => `{${channelIds.join()}}`),
    missed.map(({ max }) => max),
  ])
  const rowsByPlace = Map.groupBy(rows, ({ place }) => place)
  return missed.map((_, at) => {
    const found = rowsByPlace.get(at + 1) ?? []
    return found[0]?.isForgotten ? undefined : found.flatMap(({ event }) => event ?? [])
  })
}

/** An event that has not been delivered yet. */
interface PendingChange extends Pick<CommittedEvent, 'applicationId' | 'type' | 'channelId' | 'payload'> {
  /** Null until one is assigned. */
  position: number | null
}

/**
 * Returns, in order, events after a position that change the access of one of these users to channels or other users.
 */
export async function pendingChangesOf(
  db: Db,
  {
    applicationIds,
    userIds,
    deliveredThrough,
  }: { applicationIds: number[]; userIds: number[]; deliveredThrough: number },
): Promise<PendingChange[]> {
  return db.all(pendingChangesStatement, [applicationIds, userIds, deliveredThrough])
}

/** Deletes a batch of events that are too old to be delivered, except the last one. @returns how many */
export function deleteOldEvents(db: Db): Promise<number> {
  return db.single(forgetStatement, [forgottenMax])
}

const forgottenMax = 10_000
const forgetStatement = reading(
  'forget-events',
  column(int8, 'count(*)'),
  (columns) => `
    with gone as (
      delete from event_log where position = any(array(
        select position from event_log where created_time < chatterie_clock() - interval '${loggedMinutes} minutes'
          and position < (select max(position) from event_log)
        order by created_time limit $1
      )) returning 1
    )
    select ${columns} from gone`,
)
