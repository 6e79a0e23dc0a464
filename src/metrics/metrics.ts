// The metrics of the running process for its operator, who finds them listed in docs/operating.md.
import { Counter, Histogram, type Instrument, Reading, type Snapshot } from '#metrics/instruments.ts'
import { JobType } from '#resources/job.ts'

/** Failures that should not occur; each is also logged, with the ids concerned. */
export type Counted =
  /** Events that could not be taken or presented, and were not fully delivered to anyone. */
  | 'events set aside'
  /** Messages for which no notifications were written. */
  | 'notifications set aside'
  /** Function runs that were given up without an outcome. */
  | 'function runs set aside'
  /** Webhook deliveries whose body could not be created. */
  | 'webhook deliveries set aside'
  /** Sessions that were closed because an event could not be delivered to them, or because they had been ended. */
  | 'sessions closed'
  /** Signals from other processes that could not be parsed. */
  | 'signals unreadable'

const groupSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256]

/** The server's own process, or the one for background work. */
export type ProcessKind = 'server' | 'background'

/** How long other sources are waited for, and how long their answers are cached. */
const patienceMs = 1_500
const freshMs = 5_000

export class Metrics {
  readonly kind: ProcessKind
  readonly requests = new Histogram({
    name: 'chatterie_request_duration_seconds',
    help: 'HTTP requests by operation and status, from their head to the end of their answer',
    labels: ['operation', 'status'],
  })
  readonly framesReceived = new Counter({
    name: 'chatterie_frames_received_total',
    help: 'STOMP frames that clients sent, by command',
    labels: ['kind'],
  })
  readonly framesSent = new Counter({
    name: 'chatterie_frames_sent_total',
    help: 'STOMP frames that clients were sent, by command',
    labels: ['kind'],
  })
  readonly framesServed = new Histogram({
    name: 'chatterie_frame_duration_seconds',
    help: 'Frames by command, from their turn to the end of what they asked for',
    labels: ['kind'],
  })
  readonly delivered = new Histogram({
    name: 'chatterie_delivery_duration_seconds',
    help: 'Events, from their writing to their handing over to the last socket of this process',
  })
  readonly functionRuns = new Histogram({
    name: 'chatterie_function_run_duration_seconds',
    help: 'Runs of chat functions by event and result, from their asking for a process to their end',
    labels: ['kind', 'result'],
  })
  readonly webhookAttempts = new Histogram({
    name: 'chatterie_webhook_delivery_duration_seconds',
    help: 'Attempts to deliver to webhooks by event and result, from their sending to the end of their answer',
    labels: ['kind', 'result'],
  })
  readonly jobsEnded = new Counter(
    {
      name: 'chatterie_jobs_ended_total',
      help: 'Jobs that ended, by type and result',
      labels: ['kind', 'result'],
    },
    JobType.options.map((type) => [type, 'FAILED']), // the process that runs jobs is only started for the first one
  )
  readonly groups = new Histogram(
    { name: 'chatterie_group_commit_size', help: 'Messages that were committed together' },
    groupSizes,
  )
  readonly slowStatements = new Counter({
    name: 'chatterie_slow_statements_total',
    help: 'Statements that took longer than SLOW_STATEMENT_MS, by kind of process',
    labels: ['kind'],
  })
  readonly setAside = new Counter(
    {
      name: 'chatterie_set_aside_total',
      help: 'Events, notifications, runs of functions and webhook deliveries that were given up',
      labels: ['kind'],
    },
    [['event'], ['notification'], ['function_run'], ['webhook_delivery']],
  )
  readonly sessionsClosed = new Counter({
    name: 'chatterie_sessions_closed_total',
    help: 'Sessions that were closed because an event could not be delivered to them, or they had been ended',
  })
  readonly signalsUnreadable = new Counter({
    name: 'chatterie_signals_unreadable_total',
    help: 'Signals of other processes that could not be used',
  })

  readonly #counted: Record<Counted, [counter: Counter, ...labels: string[]]> = {
    'events set aside': [this.setAside, 'event'],
    'notifications set aside': [this.setAside, 'notification'],
    'function runs set aside': [this.setAside, 'function_run'],
    'webhook deliveries set aside': [this.setAside, 'webhook_delivery'],
    'sessions closed': [this.sessionsClosed],
    'signals unreadable': [this.signalsUnreadable],
  }
  readonly #instruments: Instrument[]
  readonly #sources = new Set<() => Promise<Snapshot[]>>()
  #ended: Snapshot[] = []
  #collected: { at: number; snapshots: Promise<Snapshot[]> } | undefined

  constructor(kind: ProcessKind = 'server') {
    this.kind = kind
    this.slowStatements.add(0, kind) // so that its first increase is visible
    const isInstrument = (value: unknown): value is Instrument =>
      value instanceof Counter || value instanceof Histogram
    this.#instruments = Object.values(this).filter(isInstrument)
  }

  count(what: Counted, by = 1): void {
    const [counter, ...labels] = this.#counted[what]
    counter.add(by, ...labels)
  }

  of(what: Counted): number {
    const [counter, ...labels] = this.#counted[what]
    return counter.of(...labels)
  }

  /** Registers a value that is read on request; see {@link Reading}. */
  read(...reading: ConstructorParameters<typeof Reading>): void {
    this.#instruments.push(new Reading(...reading))
  }

  /**
   * Registers another source: the database, another process. Its answer is awaited for 1.5 s and cached for 5 s.
   * @returns a function that removes the source
   */
  ask(source: () => Promise<Snapshot[]>): () => void {
    this.#sources.add(source)
    return () => this.#sources.delete(source)
  }

  /** Adds what a source has counted that has ended; counters never go back. */
  keep(counted: Snapshot[]): void {
    this.#ended = merged([...this.#ended, ...counted])
  }

  /** Returns the metrics of this process. */
  snapshots(): Snapshot[] {
    return this.#instruments.map((instrument) => instrument.snapshot())
  }

  /** Returns all metrics, without those of sources that do not answer in time. */
  async collect(): Promise<Snapshot[]> {
    const now = performance.now()
    if (!this.#collected || now - this.#collected.at > freshMs) {
      this.#collected = { at: now, snapshots: this.#askAll() }
    }
    return merged([...this.snapshots(), ...this.#ended, ...(await this.#collected.snapshots)])
  }

  async #askAll(): Promise<Snapshot[]> {
    const answers = [...this.#sources].map((source) => inTime(source()).catch(() => []))
    return (await Promise.all(answers)).flat()
  }
}

async function inTime(answer: Promise<Snapshot[]>): Promise<Snapshot[]> {
  const late = Promise.withResolvers<Snapshot[]>()
  const timer = setTimeout(() => late.resolve([]), patienceMs)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Returns one snapshot per metric; values with the same labels are added. */
function merged(snapshots: Snapshot[]): Snapshot[] {
  const byName = new Map<string, Snapshot>()
  for (const snapshot of snapshots) {
    const known = byName.get(snapshot.name)
    if (!known) {
      byName.set(snapshot.name, { ...snapshot, values: [...snapshot.values] })
      continue
    }
    for (const sample of snapshot.values) {
      const at = known.values.findIndex((each) => isSame(each, sample))
      const before = known.values[at]
      if (before) known.values[at] = { ...before, value: before.value + sample.value }
      else known.values.push(sample)
    }
  }
  return [...byName.values()]
}

function isSame(one: { metricName?: string; labels: object }, other: typeof one): boolean {
  return one.metricName === other.metricName && JSON.stringify(one.labels) === JSON.stringify(other.labels)
}
