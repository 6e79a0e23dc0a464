// A user session in this process: its subscriptions, and which delivered messages are acknowledged.
import type { Clock } from '#clock/clock.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { TopicPositions } from '#domain/sessions/detach-session.ts'
import { LazySet } from '#domain/sessions/lazy-set.ts'
import { Relations } from '#domain/sessions/relations.ts'
import type { Echo } from '#realtime/handlers.ts'
import { Answered } from '#realtime/sessions/answered.ts'
import { OwedTopics } from '#realtime/sessions/owed.ts'
import { type Subscription, uptime } from '#realtime/sessions/subscription.ts'
import { Unacknowledged } from '#realtime/sessions/unacknowledged.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'
import { chatSessionOf } from '#resources/topics.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import type { StompConnection } from '#stomp/connection.ts'
import type { StompSubscription } from '#stomp/handler.ts'
import type { MessageHead } from '#stomp/message-head.ts'
import type { SharedBody } from '#stomp/shared-body.ts'
import type { Generation } from '#wire/generations.ts'
import type { BaseUrls } from '#wire/stompx.ts'

export type Connection = StompConnection<Session>

/**
 * Maximum number of messages that a session keeps: unacknowledged ones, and those after them. Beyond it, the client is
 * assumed not to acknowledge.
 */
const keptMax = 10_000

/** How long messages sent before an acknowledged one are waited for, in seconds. */
const overdueAfter = 60

/** Maximum number of answers kept until the client subscribes to their topics. */
const lateMax = 100

/** An answer to the action with this receipt. */
export interface LateAnswer {
  receipt: string
  body: SharedBody
}

export interface SessionFacts {
  id: number
  key: string
  applicationId: number
  userId: number
  ackedPosition: number
  /** Whether the application's functions have admitted the user. */
  isVouched: boolean
}

export class Session {
  readonly facts: SessionFacts
  connection: Connection | undefined
  /** The base URLs at which the client reaches this server. */
  baseUrls: BaseUrls = { origin: '', streams: '' }
  /** The generation of an older client; undefined for current clients. */
  generation: Generation | undefined
  /** Subscriptions by id. A topic may have several. */
  readonly subscriptions = new Map<string, Subscription>()
  /** Topics subscribed to before the connection was lost, and not resubscribed to yet. */
  readonly owed: OwedTopics
  /** The user's memberships and blocks, as of the events delivered in this process. */
  relations: Relations
  /** Channels in `relations` whose join event is not delivered yet. */
  readonly early = new LazySet<number>()
  /** Position through which everything was acknowledged when the session resumed, until `CatchUp.check` runs. */
  resumedAt: number | undefined
  /** Number of events that may have changed the relations. */
  relationsVersion = 0
  /** Channels whose main thread the client has seen, so that it may expect that thread's events (contract 4.3). */
  readonly mainThreads = new LazySet<number>()
  /** Whether the session began in another process or before a restart, so that what its client has seen is unknown. */
  isFromElsewhere = false
  /** Whether this is an older client, whose destinations contain the version. */
  isLegacy = false
  /** The subscription on which the client receives the errors of its frames. */
  errors: Omit<StompSubscription, 'headers'> | undefined

  /** Whether anything was sent or acknowledged since `keptAt`, when the acknowledged position was last saved. */
  isDirty = false
  keptAt: number
  /** The position through which every event is delivered in this process. */
  readonly log: { readonly position: number }
  /** Topics new to the session start at this position. */
  readonly startPosition: number
  readonly #unacknowledged = new Unacknowledged()
  /**
   * When the latest of the acknowledged messages of this connection was sent, or else when it began: the client has
   * received what was sent before. See {@link uptime}.
   */
  #receivedAt = 0
  readonly #answered = new Answered()
  #messages = 0
  #late: (LateAnswer & { place: string })[] = []

  /** @param topics the topics subscribed to when the connection was lost; null if unknown */
  constructor(
    facts: SessionFacts,
    log: { readonly position: number },
    clock: Pick<Clock, 'now'>,
    topics: TopicPositions | null = {},
    isResumed = false,
  ) {
    this.facts = facts
    this.log = log
    this.keptAt = clock.now()
    this.owed = new OwedTopics(clock, topics, facts.ackedPosition)
    this.startPosition = isResumed ? 0 : facts.ackedPosition
    this.relations = new Relations(facts.userId)
  }

  attach(connection: Connection, baseUrls: BaseUrls, generation?: Generation): void {
    this.connection = connection
    this.baseUrls = baseUrls
    this.generation = generation
    this.#receivedAt = uptime()
    this.owed.begin()
  }

  mayKnowMainThreadOf(channelId: number): boolean {
    return this.isFromElsewhere || this.mainThreads.has(channelId)
  }

  /** Returns the first active subscription to a topic. */
  subscriptionTo(destination: string): Subscription | undefined {
    for (const subscription of this.subscriptions.values()) {
      if (subscription.destination === destination && subscription.state !== 'over') return subscription
    }
    return undefined
  }

  /** Returns whether the session is subscribed to the topic that makes its user present in a channel. */
  isInChat(channelId: number): boolean {
    for (const { destination, state } of this.subscriptions.values()) {
      if (state !== 'over' && chatSessionOf(destination) === channelId) return true
    }
    return false
  }

  /** Returns the subscription on which the client expects the answer to an action. */
  answersTo({ topic, entity }: Pick<Echo, 'topic' | 'entity'>): Subscription | undefined {
    const { userId } = this.facts
    const own = this.subscriptionTo(currentUserHypermedia.topics[topic].at({ id: userId }))
    const other = this.generation?.answers?.[topic]
    return own ?? (other && this.subscriptionTo(other(entity, userId)))
  }

  /** Keeps an answer for older clients, which act before they subscribe to the topic on which they expect it. */
  keepAnswer({ topic, entity }: Pick<Echo, 'topic' | 'entity'>, answer: LateAnswer): void {
    const place = this.generation?.answers?.[topic]?.(entity, this.facts.userId)
    if (place === undefined || this.#late.length >= lateMax) return
    this.#late.push({ ...answer, place })
  }

  /** Removes and returns the answers kept for a topic. */
  takeAnswers(destination: string): LateAnswer[] {
    const taken = this.#late.filter(({ place }) => place === destination)
    if (taken.length > 0) this.#late = this.#late.filter(({ place }) => place !== destination)
    return taken
  }

  /** Returns the client's name of an event type. */
  nameOf(type: string): string {
    return this.generation?.events[type] ?? type
  }

  /** Returns the session's user as a caller. @param receipt of the action that they perform */
  caller(receipt?: string): UserCaller {
    const { applicationId, userId, key } = this.facts
    return { kind: 'user', applicationId, userId, session: key, ...(receipt !== undefined && { receipt }) }
  }

  /** The position up to which no topic needs to be delivered again. */
  get acknowledged(): number {
    let least = this.owed.position ?? this.log.position
    for (const { acknowledged } of this.subscriptions.values()) least = Math.min(least, acknowledged)
    return least
  }

  /** Subscriptions that have not yet received the events they missed. */
  get behind(): Subscription[] {
    return [...this.subscriptions.values()].filter(({ state }) => state === 'behind')
  }

  /** Destinations of the subscriptions. */
  get topics(): string[] {
    return [...this.subscriptions.values()].map(({ destination }) => destination)
  }

  get isOverwhelmed(): boolean {
    let kept = 0
    for (const { length } of this.subscriptions.values()) kept += length
    return kept > keptMax
  }

  /** Marks all events from now on as missed, so that they are delivered when the session resumes. */
  interrupt(): void {
    for (const subscription of this.subscriptions.values()) subscription.miss(this.log.position + 1)
  }

  /**
   * Returns the head of an event's message, with the receipt of the action that it answers, if any; undefined if the
   * session has received the message already.
   */
  announce(
    subscription: Subscription,
    published: PublishedEvent,
    delivery: Delivery,
  ): MessageHead | undefined {
    const { type } = delivery
    const receipt = this.#answeredBy(published, delivery)
    if (published.position > 0 && subscription.has(published.position, type)) return undefined
    this.isDirty = true
    if (receipt !== undefined) {
      const answer = this.#answered.take(receipt)
      if (answer === undefined) this.#answered.note(receipt, 'delivered')
      if (answer === 'acknowledged') return undefined
      if (answer === 'sent') {
        this.#expect(subscription, answerAck(receipt), published.position, type)
        return undefined
      }
    }
    const message = this.nextMessage()
    if (subscription.isAutomatic) return subscription.head(message, receipt)
    if (published.position > 0) this.#expect(subscription, this.#messages, published.position, type)
    return subscription.head(message, receipt, message)
  }

  /**
   * Returns the head of the message that answers an action at once, so that its event does not answer it again;
   * undefined if the event was faster.
   */
  answer(subscription: Subscription, receipt: string): MessageHead | undefined {
    if (this.#answered.take(receipt) === 'delivered') return undefined
    this.#answered.note(receipt, subscription.isAutomatic ? 'acknowledged' : 'sent')
    const ack = subscription.isAutomatic ? undefined : answerAck(receipt)
    return subscription.head(this.nextMessage(), receipt, ack)
  }

  acknowledge(ack: string): void {
    const sent = this.#unacknowledged.take(ack)
    if (sent === undefined) {
      if (ack.startsWith('a')) this.#answered.acknowledge(ack.slice(1))
      return
    }
    this.isDirty = true
    if (typeof sent.ack === 'number') this.#receivedAt = Math.max(this.#receivedAt, sent.at)
    const { subscription } = sent
    if (subscription.ack === 'client' && typeof sent.ack === 'number') {
      // An acknowledgement is one of all messages before it [STOMP 1.2 SUBSCRIBE]; events that were missed are none. An
      // answer to an action may have been sent long before its event, by which it is ordered here.
      for (const each of subscription.unacknowledged(sent))
        if (each.ack !== '') this.#unacknowledged.drop(each)
    }
    subscription.advance()
  }

  /**
   * Stops waiting for acknowledgements that will not come, such as after an error in the client: of messages sent more
   * than a minute ago, or earlier if there are too many, and before one that is acknowledged. A connection keeps the
   * order, so they were received, too.
   */
  dropOverdue(): void {
    this.#dropSentBefore(uptime() - overdueAfter)
    if (this.isOverwhelmed) this.#dropSentBefore(uptime())
  }

  #dropSentBefore(time: number): void {
    const before = Math.min(this.#receivedAt, time)
    for (const subscription of this.subscriptions.values()) {
      for (const sent of subscription.unacknowledged()) {
        if (sent.at >= before || sent.ack === '') break // an event that was missed was not sent
        this.#unacknowledged.drop(sent)
      }
      subscription.advance()
    }
  }

  /** Removes a subscription, and stops waiting for the acknowledgements of its messages. */
  forget(subscription: Subscription): void {
    this.subscriptions.delete(subscription.id)
    for (const sent of subscription.unacknowledged()) this.#unacknowledged.drop(sent)
  }

  /** The client is known to have received what was sent before this time; see {@link uptime}. */
  get receivedAt(): number {
    return this.#receivedAt
  }

  /**
   * Detaches the connection. Unacknowledged messages are delivered again when the client resubscribes.
   * @param late channels whose last message is delivered again, too
   */
  detach(late: number[]): void {
    this.owed.end(late, this.#receivedAt)
    for (const subscription of this.subscriptions.values()) {
      this.owed.add(subscription.destination, subscription.owed)
    }
    this.#unacknowledged.clear()
    this.#answered.forgetUnacknowledged()
    this.subscriptions.clear()
    this.#late = []
    this.early.clear()
    this.errors = undefined
    this.connection = undefined
  }

  /** Returns the receipt of this session's action if the delivery is to answer it; undefined for other deliveries. */
  #answeredBy({ cause }: PublishedEvent, { isEcho, echoes }: Delivery): string | undefined {
    if (cause?.receipt === undefined || cause.session !== this.facts.key) return undefined
    if (isEcho) return cause.receipt
    const isAwaited = echoes !== undefined && this.generation?.answers?.[echoes] !== undefined
    return isAwaited && !this.#answered.has(cause.receipt) ? cause.receipt : undefined
  }

  /** Returns the next message number of the session. */
  nextMessage(): string {
    this.#messages += 1
    return String(this.#messages)
  }

  #expect(subscription: Subscription, ack: number | string, position: number, type: string): void {
    this.#unacknowledged.add(subscription.expect(ack, position, type))
  }
}

/** Returns the `ack` of an answer, with a prefix because a client's receipt may look like a message number. */
function answerAck(receipt: string): string {
  return `a${receipt}`
}
