// One user session in this process: what it subscribes to, what it has been told, and what of it is acknowledged.
import type { UserCaller } from '#domain/access.ts'
import type { Told } from '#realtime/publish.ts'
import type { StompConnection } from '#stomp/connection.ts'
import type { Place } from '#wire/stompx.ts'

export type Connection = StompConnection<Session>

export interface Subscription {
  session: Session
  id: string
  destination: string
  /** Whether what is told counts as acknowledged once it is sent. */
  isAutomatic: boolean
}

/** Messages of one session that wait for their acknowledgement, beyond which the client is taken not to give any. */
const unacknowledgedMax = 10_000

/** Answers that are remembered until their events come by. */
const answeredMax = 1_000

export interface SessionFacts {
  id: number
  key: string
  applicationId: number
  userId: number
  ackedPosition: number
}

/**
 * `resuming`: connected again, being told what it missed; what is new waits for that. `detached`: has lost its
 * connection and may come back.
 */
export type SessionState = 'live' | 'resuming' | 'detached' | 'ended'

export class Session {
  readonly facts: SessionFacts
  state: SessionState = 'detached'
  connection: Connection | undefined
  /** Where the client reaches us. */
  place: Place = { origin: '', streams: '' }
  isCatchingUp = false
  /** By id; a topic may be subscribed to more than once. */
  readonly subscriptions = new Map<string, Subscription>()
  /** The channels of the user, each with the message through which it has cleared its history. */
  readonly memberships = new Map<number, number>()
  /** Users that this one has blocked. */
  readonly blocked = new Set<number>()
  /** Channels whose main thread the client has seen, so that it may listen for it (contract 4.3). */
  readonly mainThreads = new Set<number>()
  /** Begun in another process, or before this one started: what its client has seen by then is not known here. */
  isFromElsewhere = false
  /** Of an older client, whose first destination named the version. */
  isLegacy = false
  /** Where the client takes the errors of its frames. */
  errors: { id: string; destination: string } | undefined

  /** Whether anything was sent since the acknowledged position was last kept. */
  isDirty = false
  readonly #clock: { readonly position: number }
  /** Through where the session was told before it was live; from then on it is told what the others are. */
  #told: number
  /** By the `ack` of their message; in the order in which they were sent. */
  readonly #unacknowledged = new Map<string, { position: number; what: string }>()
  /** Acknowledged before others that were sent earlier: not to be sent again. */
  readonly #ahead = new Set<string>()
  /** Actions that were answered before their event came by, or by their event. */
  readonly #answered = new Map<string, 'sent' | 'acknowledged' | 'told'>()
  #messages = 0

  /** @param clock says through where everybody who is live has been told */
  constructor(facts: SessionFacts, clock: { readonly position: number }) {
    this.facts = facts
    this.#clock = clock
    this.#told = facts.ackedPosition
  }

  attach(connection: Connection, place: Place, state: 'live' | 'resuming'): void {
    this.connection = connection
    this.place = place
    this.state = state
  }

  mayKnowMainThreadOf(channelId: number): boolean {
    return this.isFromElsewhere || this.mainThreads.has(channelId)
  }

  /** The first subscription to a topic. */
  subscriptionTo(destination: string): Subscription | undefined {
    for (const subscription of this.subscriptions.values()) {
      if (subscription.destination === destination) return subscription
    }
    return undefined
  }

  /** Who acts here; `receipt` of the action. */
  caller(receipt?: string): UserCaller {
    const { applicationId, userId, key } = this.facts
    return { kind: 'user', applicationId, userId, session: key, ...(receipt !== undefined && { receipt }) }
  }

  /** All before and at this position need not be told again. */
  get acknowledged(): number {
    const [first] = this.#unacknowledged.values()
    return first === undefined ? this.told : Math.min(first.position - 1, this.told)
  }

  /** All before and at this position was told, or did not concern the session. */
  get told(): number {
    return this.state === 'live' ? Math.max(this.#told, this.#clock.position) : this.#told
  }

  get isOverwhelmed(): boolean {
    return this.#unacknowledged.size > unacknowledgedMax
  }

  /** An event has come by, whether it concerned the session or not. */
  pass(position: number): void {
    if (position > this.#told) this.#told = position
  }

  /**
   * The headers of a message of an event, or nothing where the session has it already.
   * @param receipt of the action that the message answers
   */
  announce(
    subscription: Subscription,
    told: Told,
    type: string,
    receipt: string | undefined,
  ): Record<string, string> | undefined {
    if (told.position > 0 && told.position <= this.#told) return undefined
    const what = `${told.position} ${type} ${subscription.id}`
    if (this.#ahead.size > 0 && this.#ahead.has(what)) return undefined
    this.isDirty = true
    if (receipt !== undefined) {
      const answer = this.#answered.get(receipt)
      this.#answered.delete(receipt)
      if (answer === undefined) this.#note(receipt, 'told')
      if (answer === 'acknowledged') return undefined
      if (answer === 'sent') {
        this.#expect(answerAck(receipt), told.position, what)
        return undefined
      }
    }
    const message = this.nextMessage()
    const headers = this.#headers(subscription, message, receipt)
    if (subscription.isAutomatic) return headers
    if (told.position > 0) this.#expect(message, told.position, what)
    return { ...headers, ack: message }
  }

  /**
   * The headers of the message that answers an action at once, so that its event will not be told a second time;
   * nothing where its event was faster.
   */
  answer(subscription: Subscription, receipt: string): Record<string, string> | undefined {
    if (this.#answered.get(receipt) === 'told') {
      this.#answered.delete(receipt)
      return undefined
    }
    this.#note(receipt, subscription.isAutomatic ? 'acknowledged' : 'sent')
    const headers = this.#headers(subscription, this.nextMessage(), receipt)
    return subscription.isAutomatic ? headers : { ...headers, ack: answerAck(receipt) }
  }

  acknowledge(ack: string): void {
    const sent = this.#unacknowledged.get(ack)
    if (sent === undefined) {
      const receipt = ack.startsWith('a') ? ack.slice(1) : undefined
      if (receipt !== undefined && this.#answered.get(receipt) === 'sent') {
        this.#answered.set(receipt, 'acknowledged')
      }
      return
    }
    this.#unacknowledged.delete(ack)
    const through = this.acknowledged
    if (sent.position > through) this.#ahead.add(sent.what)
    for (const what of this.#ahead) {
      if (Number.parseInt(what, 10) > through) break
      this.#ahead.delete(what)
    }
  }

  /** What was sent and not acknowledged is to be told again, from {@link acknowledged} on. */
  detach(): void {
    this.#told = this.acknowledged
    this.#unacknowledged.clear()
    for (const [receipt, answer] of this.#answered) {
      if (answer !== 'acknowledged') this.#answered.delete(receipt)
    }
    this.subscriptions.clear()
    this.errors = undefined
    this.connection = undefined
    this.state = 'detached'
  }

  /** Numbers the messages of the session. */
  nextMessage(): string {
    this.#messages += 1
    return String(this.#messages)
  }

  /** Actions that changed nothing have no event, so the oldest answers are forgotten at some point. */
  #note(receipt: string, answer: 'sent' | 'acknowledged' | 'told'): void {
    this.#answered.set(receipt, answer)
    if (this.#answered.size <= answeredMax) return
    for (const oldest of this.#answered.keys()) {
      this.#answered.delete(oldest)
      return
    }
  }

  #expect(ack: string, position: number, what: string): void {
    this.#unacknowledged.set(ack, { position, what })
  }

  #headers(
    { id, destination }: Subscription,
    message: string,
    receipt: string | undefined,
  ): Record<string, string> {
    return {
      destination,
      subscription: id,
      'message-id': message,
      ...(receipt !== undefined && { 'receipt-id': receipt }),
    }
  }
}

/** Receipts of clients may look like our numbers. */
function answerAck(receipt: string): string {
  return `a${receipt}`
}
