// One user session in this process: what it subscribes to, what was delivered to it, and what of that is acknowledged.
import type { Clock } from '#clock/clock.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { TopicPositions } from '#domain/sessions/detach-session.ts'
import { Relations } from '#domain/sessions/relations.ts'
import type { Echo } from '#realtime/handlers.ts'
import { OwedTopics } from '#realtime/owed.ts'
import type { Subscription } from '#realtime/subscription.ts'
import { Unacknowledged } from '#realtime/unacknowledged.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import type { StompConnection } from '#stomp/connection.ts'
import type { MessageHead } from '#stomp/message-head.ts'
import type { SharedBody } from '#stomp/shared-body.ts'
import type { Generation } from '#wire/generations.ts'
import type { BaseUrls } from '#wire/stompx.ts'

export type Connection = StompConnection<Session>

/** Messages of one session that wait for their acknowledgement, beyond which the client is taken not to give any. */
const unacknowledgedMax = 10_000

/** Answers that are remembered until their events come by. */
const answeredMax = 1_000

/** Answers that are kept for who has yet to listen. */
const lateMax = 100

/** An answer to the action of this receipt. */
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
  /** Whether functions of the application have let the user in. */
  isVouched: boolean
}

export class Session {
  readonly facts: SessionFacts
  connection: Connection | undefined
  /** Where the client reaches us. */
  baseUrls: BaseUrls = { origin: '', streams: '' }
  /** Of clients of today, none. */
  generation: Generation | undefined
  /** By id; a topic may be subscribed to more than once. */
  readonly subscriptions = new Map<string, Subscription>()
  /** What it listened to before it lost its connection, and has not subscribed to again. */
  readonly owed: OwedTopics
  /** What the user is to channels and to others, as of what is delivered here. */
  relations: Relations
  /** Channels among these whose joining has yet to be delivered. */
  readonly early = new Set<number>()
  /** Through where it had acknowledged all when it came back, until that is checked. */
  resumedAt: number | undefined
  /** Counts the events that may have changed the relations. */
  relationsVersion = 0
  /** Channels whose main thread the client has seen, so that it may listen for it (contract 4.3). */
  readonly mainThreads = new Set<number>()
  /** Begun in another process, or before this one started: what its client has seen by then is not known here. */
  isFromElsewhere = false
  /** Of an older client, whose first destination named the version. */
  isLegacy = false
  /** Where the client takes the errors of its frames. */
  errors: { id: string; destination: string } | undefined

  /** Whether anything was sent or acknowledged since the acknowledged position was last kept, and when that was. */
  isDirty = false
  keptAt: number
  /** Says through where everything is delivered here. */
  readonly log: { readonly position: number }
  /** What is new to the session is delivered from here on. */
  readonly startPosition: number
  readonly #unacknowledged = new Unacknowledged()
  /** Actions that were answered before their event came by, or by their event. */
  readonly #answered = new Map<string, 'sent' | 'acknowledged' | 'delivered'>()
  #messages = 0
  #late: (LateAnswer & { place: string })[] = []

  /** @param topics what it listened to when it was lost; null where that is not known */
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
    this.owed.begin()
  }

  mayKnowMainThreadOf(channelId: number): boolean {
    return this.isFromElsewhere || this.mainThreads.has(channelId)
  }

  /** The first subscription to a topic. */
  subscriptionTo(destination: string): Subscription | undefined {
    for (const subscription of this.subscriptions.values()) {
      if (subscription.destination === destination && subscription.state !== 'over') return subscription
    }
    return undefined
  }

  /** Where the client waits for what answers an action. */
  answersTo({ topic, entity }: Pick<Echo, 'topic' | 'entity'>): Subscription | undefined {
    const { userId } = this.facts
    const own = this.subscriptionTo(currentUserHypermedia.topics[topic].at({ id: userId }))
    const other = this.generation?.answers?.[topic]
    return own ?? (other && this.subscriptionTo(other(entity, userId)))
  }

  /** Older clients act before they listen to where they wait for the answer: it is kept until they do. */
  keepAnswer({ topic, entity }: Pick<Echo, 'topic' | 'entity'>, answer: LateAnswer): void {
    const place = this.generation?.answers?.[topic]?.(entity, this.facts.userId)
    if (place === undefined || this.#late.length >= lateMax) return
    this.#late.push({ ...answer, place })
  }

  /** The answers that are kept for a topic, and are no longer. */
  takeAnswers(destination: string): LateAnswer[] {
    const taken = this.#late.filter(({ place }) => place === destination)
    if (taken.length > 0) this.#late = this.#late.filter(({ place }) => place !== destination)
    return taken
  }

  /** What the client calls an event. */
  nameOf(type: string): string {
    return this.generation?.events[type] ?? type
  }

  /** Who acts here; `receipt` of the action. */
  caller(receipt?: string): UserCaller {
    const { applicationId, userId, key } = this.facts
    return { kind: 'user', applicationId, userId, session: key, ...(receipt !== undefined && { receipt }) }
  }

  /** Nothing up to this position needs to be delivered again, whatever the topic. */
  get acknowledged(): number {
    let least = this.owed.position ?? this.log.position
    for (const { acknowledged } of this.subscriptions.values()) least = Math.min(least, acknowledged)
    return least
  }

  /** Subscriptions that have yet to be sent what was missed. */
  get behind(): Subscription[] {
    return [...this.subscriptions.values()].filter(({ state }) => state === 'behind')
  }

  /** What it subscribes to. */
  get topics(): string[] {
    return [...this.subscriptions.values()].map(({ destination }) => destination)
  }

  get isOverwhelmed(): boolean {
    return this.#unacknowledged.size > unacknowledgedMax
  }

  /** What comes from now on is to be delivered again when it comes back. */
  interrupt(): void {
    for (const subscription of this.subscriptions.values()) subscription.miss(this.log.position + 1)
  }

  /**
   * The head of a message of an event, or nothing where the session has it already. It names the receipt of the action
   * that the message answers.
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
      const answer = this.#answered.get(receipt)
      this.#answered.delete(receipt)
      if (answer === undefined) this.#note(receipt, 'delivered')
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
   * The head of the message that answers an action at once, so that its event will not be delivered a second time;
   * nothing where its event was faster.
   */
  answer(subscription: Subscription, receipt: string): MessageHead | undefined {
    if (this.#answered.get(receipt) === 'delivered') {
      this.#answered.delete(receipt)
      return undefined
    }
    this.#note(receipt, subscription.isAutomatic ? 'acknowledged' : 'sent')
    const ack = subscription.isAutomatic ? undefined : answerAck(receipt)
    return subscription.head(this.nextMessage(), receipt, ack)
  }

  acknowledge(ack: string): void {
    const sent = this.#unacknowledged.take(ack)
    if (sent === undefined) {
      const receipt = ack.startsWith('a') ? ack.slice(1) : undefined
      if (receipt !== undefined && this.#answered.get(receipt) === 'sent') {
        this.#answered.set(receipt, 'acknowledged')
      }
      return
    }
    this.isDirty = true
    sent.subscription.advance()
  }

  /** What was delivered to a subscription does not wait for its acknowledgement any more. */
  forget(subscription: Subscription): void {
    this.subscriptions.delete(subscription.id)
    for (const sent of subscription.unacknowledged()) this.#unacknowledged.drop(sent)
  }

  /** What was sent and not acknowledged is to be delivered again when the client subscribes again. */
  detach(): void {
    this.owed.end()
    for (const subscription of this.subscriptions.values()) {
      this.owed.add(subscription.destination, subscription.owed)
    }
    this.#unacknowledged.clear()
    for (const [receipt, answer] of this.#answered) {
      if (answer !== 'acknowledged') this.#answered.delete(receipt)
    }
    this.subscriptions.clear()
    this.#late = []
    this.early.clear()
    this.errors = undefined
    this.connection = undefined
  }

  /** The receipt of the action here that a message of its event answers, unless it is told of the event besides. */
  #answeredBy({ cause }: PublishedEvent, { isEcho, echoes }: Delivery): string | undefined {
    if (cause?.receipt === undefined || cause.session !== this.facts.key) return undefined
    if (isEcho) return cause.receipt
    const isAwaited = echoes !== undefined && this.generation?.answers?.[echoes] !== undefined
    return isAwaited && !this.#answered.has(cause.receipt) ? cause.receipt : undefined
  }

  /** Numbers the messages of the session. */
  nextMessage(): string {
    this.#messages += 1
    return String(this.#messages)
  }

  /** Actions that changed nothing have no event, so the oldest answers are forgotten at some point. */
  #note(receipt: string, answer: 'sent' | 'acknowledged' | 'delivered'): void {
    this.#answered.set(receipt, answer)
    if (this.#answered.size <= answeredMax) return
    for (const oldest of this.#answered.keys()) {
      this.#answered.delete(oldest)
      return
    }
  }

  #expect(subscription: Subscription, ack: number | string, position: number, type: string): void {
    this.#unacknowledged.add(subscription.expect(ack, position, type))
  }
}

/** Receipts of clients may look like our numbers. */
function answerAck(receipt: string): string {
  return `a${receipt}`
}
