// Metrics of a process that are read on request.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { Reading, type Snapshot } from '#metrics/instruments.ts'
import type { Metrics } from '#metrics/metrics.ts'

interface Pool {
  totalCount: number
  idleCount: number
  waitingCount: number
  options: { max: number }
}

/** Sampling interval of the event loop delay; each sample wakes a process that may otherwise be idle. */
const resolutionMs = 50

/** Reads the metrics of this process, whose kind is the label `kind`: database connections, event loop and heap. */
export function watchProcess(metrics: Metrics, pool: Pool): void {
  const { kind } = metrics
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  metrics.read(
    {
      name: 'chatterie_pool_connections',
      help: 'Connections to the database by kind of process, at work or idle',
      labels: ['kind', 'state'],
    },
    () => [
      [pool.totalCount - pool.idleCount, kind, 'busy'],
      [pool.idleCount, kind, 'idle'],
    ],
  )
  metrics.read(
    {
      name: 'chatterie_pool_connections_max',
      help: 'Connections to the database at most, by kind of process',
      labels: ['kind'],
    },
    () => [[pool.options.max, kind]],
  )
  metrics.read(
    {
      name: 'chatterie_pool_waiting',
      help: 'Statements and transactions that wait for a connection, by kind of process',
      labels: ['kind'],
    },
    () => [[pool.waitingCount, kind]],
  )
  metrics.read(
    {
      name: 'chatterie_event_loop_delay_p99_seconds',
      help: 'How late the event loop of a process was in one of a hundred turns since it was asked last',
      labels: ['kind'],
    },
    () => [[takeP99(delay), kind]],
  )
  metrics.read(
    { name: 'chatterie_heap_bytes', help: "JavaScript's heap in use, by kind of process", labels: ['kind'] },
    () => [[getHeapStatistics().used_heap_size, kind]],
  )
}

function takeP99(delay: ReturnType<typeof monitorEventLoopDelay>): number {
  // The recorded intervals between samples include the resolution.
  const lateMs = delay.count === 0 ? 0 : delay.percentile(99) / 1e6 - resolutionMs
  delay.reset()
  return Math.max(0, lateMs) / 1_000
}

/** Work that waits in the database, for all processes. */
interface Backlog {
  /** Events that are written but not published, capped at 100,000. */
  events: number
  /** Seconds since the oldest of them was written; 0 if there are none. */
  eventsAge: number
  /** Function runs that wait, and those that a process has taken; capped at 100,000. */
  runs: Record<'waiting' | 'taken', number>
  /** All jobs that are kept. */
  jobs: { type: string; state: string; count: number }[]
}

export interface Sources {
  sockets: { count: number; cutOff: number }
  counts(): { deliveries: number; connected: number; detached: number }
  isLeader(): boolean
  isBusConnected(): boolean
  /** @throws if the database does not answer in time */
  backlog(): Promise<Backlog>
}

/** Reads the metrics of the serving process. @returns a function that stops the database queries */
export function watchServer(metrics: Metrics, sources: Sources): () => void {
  const { sockets } = sources
  metrics.read({ name: 'chatterie_sockets', help: 'Open connections of clients' }, () => [[sockets.count]])
  metrics.read(
    {
      name: 'chatterie_sockets_cut_off_total',
      help: 'Connections that were cut off because their clients read too slowly',
      type: 'counter',
    },
    () => [[sockets.cutOff]],
  )
  metrics.read(
    {
      name: 'chatterie_sessions',
      help: 'Sessions of users that this process knows: connected, or detached and awaited',
      labels: ['state'],
    },
    () => {
      const { connected, detached } = sources.counts()
      return [
        [connected, 'connected'],
        [detached, 'detached'],
      ]
    },
  )
  metrics.read(
    {
      name: 'chatterie_deliveries_total',
      help: 'Messages sent to subscriptions',
      type: 'counter',
    },
    () => [[sources.counts().deliveries]],
  )
  metrics.read(
    { name: 'chatterie_leader', help: 'Whether this process publishes the events of all: 1 or 0' },
    () => [[Number(sources.isLeader())]],
  )
  metrics.read(
    {
      name: 'chatterie_bus_connected',
      help: 'Whether other processes can be reached, or there are none: 1 or 0',
    },
    () => [[Number(sources.isBusConnected())]],
  )
  return metrics.ask(() => askDatabase(sources))
}

async function askDatabase(sources: Sources): Promise<Snapshot[]> {
  const backlog = await sources.backlog().catch(() => undefined)
  const isUp = new Reading(
    { name: 'chatterie_database_up', help: 'Whether the database answers within a second: 1 or 0' },
    () => [[backlog ? 1 : 0]],
  )
  const readings = backlog ? [isUp, ...readingsOf(backlog)] : [isUp]
  return readings.map((reading) => reading.snapshot())
}

function readingsOf({ events, eventsAge, runs, jobs }: Backlog): Reading[] {
  return [
    new Reading(
      { name: 'chatterie_outbox_events', help: 'Events that wait to be published, of all processes' },
      () => [[events]],
    ),
    new Reading(
      { name: 'chatterie_outbox_age_seconds', help: 'How long the oldest of these events has waited' },
      () => [[eventsAge]],
    ),
    new Reading(
      {
        name: 'chatterie_function_runs',
        help: 'Runs of functions that wait, or are taken by a process',
        labels: ['state'],
      },
      () => [
        [runs.waiting, 'waiting'],
        [runs.taken, 'taken'],
      ],
    ),
    new Reading(
      {
        name: 'chatterie_jobs',
        help: 'Imports and exports that are kept, by type and state',
        labels: ['kind', 'state'],
      },
      () => jobs.map(({ type, state, count }) => [count, type, state] as const),
    ),
  ]
}
