// Delivers to sessions that come back what they missed of each topic once they subscribe to it again. [decision 13]
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { mayHear } from '#domain/access/topic.ts'
import type { Relations } from '#domain/sessions/relations.ts'
import { toChatError } from '#errors.ts'
import type { Broadcaster } from '#realtime/broadcaster.ts'
import type { Hub } from '#realtime/hub.ts'
import type { Connection, Session } from '#realtime/session.ts'
import type { Subscription } from '#realtime/subscription.ts'
import { type CommittedEvent, eventsWith } from '#resources/events.ts'

const changesChannel = eventsWith('changes channel')

/** Events that a session may have missed and still go on. */
const missedMax = 5_000
/** Topics that are subscribed to within this time catch up together, in one order. */
const gatherMs = 50
/** So few are delivered between what is new; more of them beside it, before. */
const restMax = 100
/** What may wait to be written to a client before it is sent more; see the limits of the engine. */
const waitingBytesMax = 512 * 1024
const drainPollMs = 10

type Outcome = 'whole' | 'forgotten' | 'too much'

interface Progress {
  again: boolean
  timer?: NodeJS.Timeout
  isRunning: boolean
}

/** Why it cannot go on: rather than to lose events, the session ends. */
export type GiveUp = (session: Session, message: string) => void

const reasons: Record<Exclude<Outcome, 'whole'>, string> = {
  forgotten: 'Missed events are not kept any more: start a new session',
  'too much': 'More events were missed than are kept: start a new session',
}

export class CatchUp {
  readonly #ctx: Context
  readonly #hub: Hub
  readonly #broadcaster: Broadcaster
  readonly #giveUp: GiveUp
  readonly #progress = new WeakMap<Connection, Progress>()

  constructor(ctx: Context, hub: Hub, broadcaster: Broadcaster, giveUp: GiveUp) {
    this.#ctx = ctx
    this.#hub = hub
    this.#broadcaster = broadcaster
    this.#giveUp = giveUp
  }

  /** A subscription is behind; others may follow it. */
  soon(session: Session, connection: Connection): void {
    const progress = this.#progressOf(connection)
    progress.timer ??= setTimeout(() => this.now(session, connection), gatherMs).unref()
  }

  /** All subscriptions are sent what they missed, and go on with what the others get. */
  now(session: Session, connection: Connection): void {
    const progress = this.#progressOf(connection)
    clearTimeout(progress.timer)
    delete progress.timer
    progress.again = true
    if (progress.isRunning || session.connection !== connection) return
    this.#run(session, connection, progress).catch((error) => {
      const known = toChatError(error)
      const level = known.status === 503 ? 'warn' : 'error'
      this.#ctx.log[level]({ err: error, session: session.facts.id }, 'a session could not catch up')
      connection.fail(known)
    })
  }

  /**
   * Ends a session that comes back where more may concern it than is kept, whatever it subscribes to.
   * @param position through which it had acknowledged all
   */
  async check(session: Session, connection: Connection, position: number): Promise<void> {
    const through = this.#hub.position
    if (through - position <= missedMax) return // more cannot have been delivered to anybody
    const channelIds = [...session.relations.memberships.keys()]
    const events = await this.#missed(session, { channelIds, after: position, through })
    if ((events?.length ?? 0) <= missedMax || session.connection !== connection) return
    this.#giveUp(session, reasons['too much'])
  }

  /**
   * Delivers what was missed of a topic that may not be heard any more, up to where that ended; the client keeps what it
   * has not acknowledged of it.
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
    return this.#broadcaster.between(async () => {
      const outcome = await this.#replay(behind, connection, { isPaced: false })
      if (outcome === 'whole') for (const each of behind) this.#goOn(each)
      return outcome
    })
  }

  #goOn(subscription: Subscription): void {
    const { session, owner, id } = subscription
    if (session.subscriptions.get(id) !== subscription || subscription.state !== 'behind') return
    subscription.state = 'live'
    if (!mayHear(session.relations, owner)) this.#hub.end(subscription)
  }

  /**
   * Delivers what was missed up to where everybody here is, as far as the user might hear it at the time: before it
   * was taken out of a channel, and again since it is back.
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
    const published = await this.#broadcaster.presentAgain(events, {
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

  /** One more than may be missed shows that there were too many; undefined where some are forgotten. */
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

/** Channels whose events these subscriptions may get. */
function channelsOf(subscriptions: Subscription[], relations: Relations | undefined): number[] {
  const ids = new Set(relations?.memberships.keys())
  for (const { owner } of subscriptions) if ('channelId' in owner) ids.add(owner.channelId)
  return [...ids]
}

/**
 * Positions of events in channels that the user has left since, which would show what became of their subjects after
 * it had left. Events of messages show them as they are when they are presented.
 * @param then what it was to others before the events
 * @param now and after them
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
