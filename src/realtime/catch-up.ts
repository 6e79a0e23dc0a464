// Delivers missed events to resumed sessions, topic by topic as they resubscribe. [decision 13]
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { mayReceive } from '#domain/access/topic.ts'
import type { Relations } from '#domain/sessions/relations.ts'
import { toChatError } from '#errors.ts'
import type { Broadcaster } from '#realtime/broadcaster.ts'
import type { Hub } from '#realtime/hub.ts'
import type { Presenter } from '#realtime/presenter.ts'
import type { Connection, Session } from '#realtime/sessions/session.ts'
import type { Subscription } from '#realtime/sessions/subscription.ts'
import { type CommittedEvent, eventsWith } from '#resources/events.ts'
import { currentUserHypermedia } from '#resources/user.ts'

const changesChannel = eventsWith('changes channel')

/** Maximum number of missed events with which a session can resume. */
const missedMax = 5_000
/** Topics subscribed to within this time catch up together, in one order. */
const gatherMs = 50
/** Number of remaining positions at or below which live delivery pauses for the end of a replay. */
const restMax = 100
/** Bytes that may wait to be written to a client before a replay pauses; see the limits of the engine. */
const waitingBytesMax = 512 * 1024
const drainPollMs = 10

type Outcome = 'whole' | 'forgotten' | 'too much'

interface Progress {
  again: boolean
  timer?: NodeJS.Timeout
  isRunning: boolean
}

/** Ends a session that cannot resume without losing events; `message` gives the reason. */
export type EndSession = (session: Session, message: string) => void

const reasons: Record<Exclude<Outcome, 'whole'>, string> = {
  forgotten: 'Missed events are not kept any more: start a new session',
  'too much': 'More events were missed than are kept: start a new session',
}

export class CatchUp {
  readonly #ctx: Context
  readonly #hub: Hub
  readonly #broadcaster: Broadcaster
  readonly #presenter: Presenter
  readonly #giveUp: EndSession
  readonly #progress = new WeakMap<Connection, Progress>()

  constructor(ctx: Context, hub: Hub, broadcaster: Broadcaster, presenter: Presenter, giveUp: EndSession) {
    this.#ctx = ctx
    this.#hub = hub
    this.#broadcaster = broadcaster
    this.#presenter = presenter
    this.#giveUp = giveUp
  }

  /** Catches up after `gatherMs`, together with the subscriptions that follow by then. */
  soon(session: Session, connection: Connection): void {
    const progress = this.#progressOf(connection)
    progress.timer ??= setTimeout(() => this.now(session, connection), gatherMs).unref()
  }

  /** Delivers missed events to all subscriptions that are behind; then they are live. */
  now(session: Session, connection: Connection): void {
    const progress = this.#progressOf(connection)
    clearTimeout(progress.timer)
    delete progress.timer
    progress.again = true
    if (progress.isRunning || session.connection !== connection) return
    this.#run(session, connection, progress).catch((error) => {
      const known = toChatError(error)
      const level = known.status === 503 ? 'warn' : 'error'
      this.#ctx.log[level](
        { err: error, session: session.facts.id },
        'a session could not receive its missed events',
      )
      connection.fail(known)
    })
  }

  /**
   * Ends a resumed session if more than `missedMax` missed events may concern it, whatever it subscribes to.
   * @param position through which it had acknowledged everything
   */
  async check(session: Session, connection: Connection, position: number): Promise<void> {
    const through = this.#hub.position
    if (through - position <= missedMax) return // no more events than that were delivered
    const channelIds = [...session.relations.memberships.keys()]
    const events = await this.#missed(session, { channelIds, after: position, through })
    if ((events?.length ?? 0) <= missedMax || session.connection !== connection) return
    this.#giveUp(session, reasons['too much'])
  }

  /**
   * Delivers the missed events of a topic that the user may no longer receive, up to the loss of access. Afterwards the
   * client can still acknowledge them.
   */
  async farewell(subscription: Subscription, connection: Connection): Promise<void> {
    const { session } = subscription
    session.subscriptions.set(subscription.id, subscription)
    const outcome = await this.#replay([subscription], connection)
    this.#hub.end(subscription)
    if (outcome !== 'whole' && session.connection === connection) this.#giveUp(session, reasons[outcome])
  }

  async #run(session: Session, connection: Connection, progress: Progress): Promise<void> {
    progress.isRunning = true
    try {
      while (progress.again && session.connection === connection) {
        progress.again = false
        const { behind } = session
        const outcome = behind.length === 0 ? 'whole' : await this.#catchUp(behind, connection)
        if (outcome === 'whole' || session.connection !== connection) continue
        this.#giveUp(session, reasons[outcome])
        return
      }
    } finally {
      progress.isRunning = false
    }
  }

  async #catchUp(behind: Subscription[], connection: Connection): Promise<Outcome> {
    let left = Number.POSITIVE_INFINITY
    do {
      const from = this.#hub.position
      const outcome = await this.#replay(behind, connection)
      if (outcome !== 'whole') return outcome
      left = this.#hub.position - from
    } while (left > restMax && connection.session.connection === connection)
    await this.#deliverLate(behind, connection)
    return this.#broadcaster.between(async () => {
      const outcome = await this.#replay(behind, connection, { isPaced: false })
      if (outcome === 'whole') for (const each of behind) this.#goOn(each)
      return outcome
    })
  }

  /** Delivers the last messages that the client may not have received, and that no event of the log has. */
  async #deliverLate(behind: Subscription[], connection: Connection): Promise<void> {
    const { session } = connection
    const { applicationId, userId } = session.facts
    const topic = currentUserHypermedia.topics.channels.at({ id: userId })
    const own = behind.filter(({ destination }) => destination === topic)
    const { late } = session.owed
    if (late.length === 0 || own.length === 0) return
    const channels = new Map(late.map((id) => [id, applicationId]))
    for (const each of await this.#presenter.presentLastMessages(channels)) {
      while (connection.waitingBytes > waitingBytesMax) await sleep(drainPollMs)
      if (session.connection !== connection) return
      this.#hub.deliverTo(own, each, session.relations)
    }
    session.owed.lateSent()
  }

  #goOn(subscription: Subscription): void {
    const { session, owner, id } = subscription
    if (session.subscriptions.get(id) !== subscription || subscription.state !== 'behind') return
    subscription.state = 'live'
    if (!mayReceive(session.relations, owner)) this.#hub.end(subscription)
  }

  /**
   * Delivers missed events up to the hub's position, if the user had access at the time of the event: for a channel,
   * before they were removed from it and after they rejoined.
   */
  async #replay(
    subscriptions: Subscription[],
    connection: Connection,
    { isPaced } = { isPaced: true },
  ): Promise<Outcome> {
    const { session } = connection
    const through = this.#hub.position
    const after = Math.min(...subscriptions.map(({ delivered }) => delivered))
    if (after >= through) return 'whole'
    const now = session.relations.copy()
    for (const channelId of session.early) now.memberships.delete(channelId)
    const isOwn = subscriptions.some(({ owner }) => 'userId' in owner)
    const channelIds = channelsOf(subscriptions, isOwn ? now : undefined)
    const events = await this.#missed(session, { channelIds, after, through })
    if (events === undefined) return 'forgotten'
    if (events.length > missedMax) return 'too much'
    const then = now.copy()
    for (const event of events.toReversed()) then.undo(event)
    const published = await this.#presenter.presentAgain(events, {
      outdated: outdated(events, then, now),
      isOwn,
    })
    for (const [at, event] of events.entries()) {
      if (isPaced) while (connection.waitingBytes > waitingBytesMax) await sleep(drainPollMs)
      if (session.connection !== connection) return 'whole'
      const each = published[at]
      if (each) this.#hub.deliverTo(subscriptions, each, then)
      then.apply(event)
    }
    for (const subscription of subscriptions) subscription.pass(through)
    return 'whole'
  }

  /** Returns missed events, at most one more than allowed; undefined if the log has already deleted some. */
  #missed(
    { facts: { applicationId, userId } }: Session,
    range: { channelIds: number[]; after: number; through: number },
  ): Promise<CommittedEvent[] | undefined> {
    return this.#ctx.arrivals.missed({ applicationId, userId, ...range, max: missedMax + 1 })
  }

  #progressOf(connection: Connection): Progress {
    const known = this.#progress.get(connection)
    if (known) return known
    const progress: Progress = { again: false, isRunning: false }
    this.#progress.set(connection, progress)
    return progress
  }
}

/** Returns the channels whose events these subscriptions may receive. */
function channelsOf(subscriptions: Subscription[], relations: Relations | undefined): number[] {
  const ids = new Set(relations?.memberships.keys())
  for (const { owner } of subscriptions) if ('channelId' in owner) ids.add(owner.channelId)
  return [...ids]
}

/**
 * Returns the positions of events in channels that the user has left since, whose subjects changed after the user had
 * left. Events show their subjects as they are when presented, so these would reveal the changes.
 * @param then the user's relations before the events
 * @param now the user's relations after the events
 */
function outdated(events: CommittedEvent[], then: Relations, now: Relations): Set<number> {
  const positions = new Set<number>()
  if ([...then.memberships.keys()].every((id) => now.memberships.has(id))) return positions
  const meanwhile = then.copy()
  const heard = events.map((event) => {
    const isHeard = meanwhile.memberships.has(event.channelId ?? 0)
    meanwhile.apply(event)
    return isHeard
  })
  const changed = new Set<string>()
  for (const [at, event] of [...events.entries()].toReversed()) {
    const { channelId, position } = event
    if (channelId === null || now.memberships.has(channelId)) continue
    const subjects = subjectsOf(event)
    if (!heard[at]) for (const subject of subjects) changed.add(subject)
    else if (subjects.some((subject) => changed.has(subject))) positions.add(position)
  }
  return positions
}

function subjectsOf({ type, channelId, payload }: CommittedEvent): string[] {
  const { messageId, parentId } = payload
  const messages = [messageId, parentId].filter((id) => typeof id === 'number')
  return [
    ...messages.map((id) => `message ${id}`),
    ...(changesChannel.has(type) ? [`channel ${channelId}`] : []),
  ]
}
