// For each topic of a session that lost its connection, where delivery continues on a resubscription. [decision 13]
import type { Clock } from '#clock/clock.ts'
import type { TopicPositions } from '#domain/sessions/detach-session.ts'
import { LazySet } from '#domain/sessions/lazy-set.ts'
import { type Owed, uptime } from '#realtime/sessions/subscription.ts'
import { currentUserHypermedia } from '#resources/user.ts'

/** Maximum number of topics remembered individually; beyond it, all continue from the lowest of their positions. */
const topicsMax = 4_096
/** Maximum length of subscription ids that are saved. */
const idMax = 64
/** How long a client may take to resubscribe before its topics no longer hold back the acknowledged position. */
const claimMs = 10 * 60_000

const anyTopic = '*'
/** Saved beside the topics, with ids of channels. */
const lateChannels = '#'

export class OwedTopics {
  readonly #clock: Pick<Clock, 'now'>
  readonly #topics = new Map<string, Owed & { isGivenUp?: true }>()
  /** Position for topics not in `#topics`, if the session's process died or there were too many topics. */
  #any: number | undefined
  readonly #claimed = new LazySet<string>()
  /** Channels whose last message the client may not have received; see LateUpdates. */
  readonly #late = new LazySet<number>()
  /** When their last messages were sent on this connection; see {@link uptime}. Infinite if they were not. */
  #lateSentAt = Number.POSITIVE_INFINITY
  #until = Number.POSITIVE_INFINITY

  /** @param topics the saved topics; null if unknown @param position where unknown topics continue */
  constructor(clock: Pick<Clock, 'now'>, topics: TopicPositions | null, position: number) {
    this.#clock = clock
    if (topics === null) this.#any = position
    for (const [topic, [from, ...ids]] of Object.entries(topics ?? {})) {
      if (topic === anyTopic) this.#any = from
      else if (topic === lateChannels) for (const id of ids) this.#late.add(Number(id))
      else this.#topics.set(topic, { position: from, ids: new Set(ids), ahead: new Set() })
    }
  }

  /** Starts the time for resubscribing. Called when the client reconnects. */
  begin(): void {
    this.#until = this.#clock.now() + claimMs
    this.#claimed.clear()
    this.#lateSentAt = Number.POSITIVE_INFINITY
  }

  /**
   * Called when the connection is lost, before its subscriptions are added.
   * @param late further channels whose last message the client may not have received
   * @param receivedAt when the latest message that it has received was sent; see {@link uptime}
   */
  end(late: number[], receivedAt: number): void {
    if (receivedAt > this.#lateSentAt) this.#late.clear()
    for (const id of late) this.#late.add(id)
    if (this.#clock.now() > this.#until) this.#any = undefined
    this.#until = Number.POSITIVE_INFINITY
  }

  /** The channels whose last messages are to be sent, which is done once on each connection. */
  get late(): number[] {
    return this.#lateSentAt === Number.POSITIVE_INFINITY ? [...this.#late] : []
  }

  /** Notes that the last messages of the channels {@link late} were sent; they may be lost with the connection. */
  lateSent(): void {
    this.#lateSentAt = uptime()
  }

  /**
   * Removes and returns the state from which a subscription continues; undefined if the topic is new to the session.
   * After {@link settle}, a subscription with another id counts as new.
   */
  claim(topic: string, id: string): Owed | undefined {
    if (this.#any === undefined && this.#topics.size === 0) return undefined // as for most sessions
    const owed = this.#topics.get(topic)
    this.#topics.delete(topic)
    const isNew = owed?.isGivenUp && !owed.ids.has(id)
    const isKnown = this.#claimed.has(topic)
    this.#claimed.add(topic)
    if (owed) return isNew ? undefined : owed
    if (this.#any === undefined || isKnown || this.#clock.now() > this.#until) return undefined
    return { position: this.#any, ids: new Set([id]), ahead: new Set() }
  }

  /** Adds the state of a subscription that ended with its connection. */
  add(topic: string, owed: Owed): void {
    const known = this.#topics.get(topic)
    if (!known) {
      this.#topics.set(topic, owed)
      if (this.#topics.size > topicsMax) this.#forgetTopics()
      return
    }
    known.position = Math.min(known.position, owed.position)
    for (const id of owed.ids) known.ids.add(id)
    for (const what of owed.ahead) known.ahead.add(what)
  }

  /**
   * Called when the client requests its user, which official clients do after resubscribing to everything (runtime
   * contract 1.5). Marks the remaining topics as given up.
   * @param subscribed destinations of the current subscriptions
   * @returns the topics that were not given up before, and whether there may be others, which are unknown; undefined if
   * the client has not resubscribed yet
   */
  settle(
    userId: number,
    subscribed: Iterable<string>,
  ): { givenUp: string[]; mayBeMore: boolean } | undefined {
    const prefix = currentUserHypermedia.topics.self.at({ id: userId }).replace(/\w+$/, '')
    const isOwn = (topic: string) => topic.startsWith(prefix)
    if (![...subscribed].some(isOwn) || [...this.#topics.keys()].some(isOwn)) return undefined
    const givenUp: string[] = []
    for (const [topic, owed] of this.#topics) {
      if (!owed.isGivenUp) givenUp.push(topic)
      owed.isGivenUp = true
    }
    const mayBeMore = this.#any !== undefined
    this.#any = undefined
    return { givenUp, mayBeMore }
  }

  /** The position up to which no event needs to be delivered again; undefined if no topic is owed events. */
  get position(): number | undefined {
    if (this.#clock.now() > this.#until) return undefined
    let least = this.#any
    for (const { position, isGivenUp } of this.#topics.values()) {
      if (!isGivenUp && (least === undefined || position < least)) least = position
    }
    return least
  }

  /** Returns the topics in the form saved with the session. */
  toJSON(): TopicPositions {
    const kept: TopicPositions = {}
    for (const [topic, { position, ids }] of this.#topics) {
      kept[topic] = [position, ...[...ids].filter((id) => id.length <= idMax)]
    }
    if (this.#any !== undefined && this.#clock.now() <= this.#until) kept[anyTopic] = [this.#any]
    if (this.#late.size > 0) kept[lateChannels] = [0, ...[...this.#late].map(String)]
    return kept
  }

  #forgetTopics(): void {
    this.#any = this.position ?? Math.min(...[...this.#topics.values()].map(({ position }) => position))
    this.#topics.clear()
  }
}
