// What a session that lost its connection is owed when it subscribes again, topic by topic. [decision 13]
import type { Clock } from '#clock/clock.ts'
import type { TopicPositions } from '#domain/sessions/detach-session.ts'
import type { Owed } from '#realtime/subscription.ts'
import { currentUserHypermedia } from '#resources/user.ts'

/** Topics that are remembered one by one; beyond, each goes on from where the first of them was. */
const topicsMax = 4_096
/** Longer ids of subscriptions are not kept. */
const idMax = 64
/** How long a client may take to subscribe again before its topics hold nothing up. */
const claimMs = 10 * 60_000

const anyTopic = '*'

export class OwedTopics {
  readonly #clock: Pick<Clock, 'now'>
  readonly #topics = new Map<string, Owed & { isGivenUp?: true }>()
  /** From where topics go on that are not among them; of those sessions whose process died. */
  #any: number | undefined
  readonly #claimed = new Set<string>()
  #until = Number.POSITIVE_INFINITY

  /** @param topics as they were kept; null where they are not known @param position where those begin */
  constructor(clock: Pick<Clock, 'now'>, topics: TopicPositions | null, position: number) {
    this.#clock = clock
    if (topics === null) this.#any = position
    for (const [topic, [from, ...ids]] of Object.entries(topics ?? {})) {
      if (topic === anyTopic) this.#any = from
      else this.#topics.set(topic, { position: from, ids: new Set(ids), ahead: new Set() })
    }
  }

  /** The client is back. */
  begin(): void {
    this.#until = this.#clock.now() + claimMs
    this.#claimed.clear()
  }

  /** The connection is lost; what its subscriptions are owed comes next. */
  end(): void {
    if (this.#clock.now() > this.#until) this.#any = undefined
    this.#until = Number.POSITIVE_INFINITY
  }

  /**
   * What a subscription goes on from, which is no longer owed then; undefined where the topic is new to the session.
   * Once the client has shown that it has subscribed to all as before, another id is another subscription.
   */
  claim(topic: string, id: string): Owed | undefined {
    if (this.#any === undefined && this.#topics.size === 0) return undefined // as for most, who never were away
    const owed = this.#topics.get(topic)
    this.#topics.delete(topic)
    const isNew = owed?.isGivenUp && !owed.ids.has(id)
    const isKnown = this.#claimed.has(topic)
    this.#claimed.add(topic)
    if (owed) return isNew ? undefined : owed
    if (this.#any === undefined || isKnown || this.#clock.now() > this.#until) return undefined
    return { position: this.#any, ids: new Set([id]), ahead: new Set() }
  }

  /** A subscription ended with its connection. */
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
   * The client asks for its user. Official ones do so when they have subscribed to all as before (runtime contract 1.5):
   * they have given up what is left.
   * @param subscribed to these
   */
  settle(userId: number, subscribed: Iterable<string>): void {
    const prefix = currentUserHypermedia.topics.self.at({ id: userId }).replace(/\w+$/, '')
    const isOwn = (topic: string) => topic.startsWith(prefix)
    if (![...subscribed].some(isOwn) || [...this.#topics.keys()].some(isOwn)) return
    for (const owed of this.#topics.values()) owed.isGivenUp = true
    this.#any = undefined
  }

  /** Nothing up to this position needs to be delivered again; undefined where nothing is owed. */
  get position(): number | undefined {
    if (this.#clock.now() > this.#until) return undefined
    let least = this.#any
    for (const { position, isGivenUp } of this.#topics.values()) {
      if (!isGivenUp && (least === undefined || position < least)) least = position
    }
    return least
  }

  /** As it is kept with the session. */
  toJSON(): TopicPositions {
    const kept: TopicPositions = {}
    for (const [topic, { position, ids }] of this.#topics) {
      kept[topic] = [position, ...[...ids].filter((id) => id.length <= idMax)]
    }
    if (this.#any !== undefined && this.#clock.now() <= this.#until) kept[anyTopic] = [this.#any]
    return kept
  }

  #forgetTopics(): void {
    this.#any = this.position ?? Math.min(...[...this.#topics.values()].map(({ position }) => position))
    this.#topics.clear()
  }
}
