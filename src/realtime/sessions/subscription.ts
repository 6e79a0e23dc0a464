// A subscription to a topic: the position up to which events were delivered, and which messages are acknowledged.
import type { TopicOwner } from '#domain/access/topic.ts'
import type { Session } from '#realtime/sessions/session.ts'
import type { AckMode } from '#stomp/handler.ts'
import { beginHead, endHead, type HeadBeginning, type MessageHead } from '#stomp/message-head.ts'

/** The state of a topic when its subscription ended with the connection; delivery continues from here. */
export interface Owed {
  /** No event up to this position needs to be delivered again. */
  position: number
  /** Ids of the topic's subscriptions. */
  ids: Set<string>
  /** Messages acknowledged beyond the position, which are not delivered again either. */
  ahead: Set<string>
}

/** A message sent to a subscription. */
export interface Sent {
  readonly subscription: Subscription
  /** The message's number; a string for answers to actions, empty if no acknowledgement is expected. */
  readonly ack: number | string
  readonly position: number
  readonly type: string
  /** When it was sent, or its event delivered, in whole seconds of {@link uptime}. */
  readonly at: number
  isAcknowledged: boolean
  next: Sent | undefined
}

export interface SubscriptionFacts {
  session: Session
  id: string
  destination: string
  owner: TopicOwner
  ack: AckMode
}

/**
 * `behind`: is receiving missed events, before any new ones. `over`: the user may no longer receive its events; it is
 * kept until the messages delivered before are acknowledged.
 */
export type SubscriptionState = 'live' | 'behind' | 'over'

const nothing: ReadonlySet<string> = new Set()

export class Subscription {
  readonly session: Session
  readonly id: string
  readonly destination: string
  readonly owner: TopicOwner
  readonly ack: AckMode
  state: SubscriptionState
  /** Position through which events were delivered before the subscription was live. */
  #delivered: number
  /** Messages acknowledged beyond `#delivered`; empty for most subscriptions. */
  readonly #ahead: ReadonlySet<string>
  /** The common beginning of its messages' heads, once there is one. */
  #beginning: HeadBeginning | undefined
  #first: Sent | undefined
  #last: Sent | undefined
  /** Number of messages from `#first` to `#last`, including acknowledged ones. */
  length = 0

  /** @param owed where delivery continues; without it, only new events are delivered */
  constructor({ session, id, destination, owner, ack }: SubscriptionFacts, owed?: Owed) {
    this.session = session
    this.id = id
    this.destination = destination
    this.owner = owner
    this.ack = ack
    this.state = owed ? 'behind' : 'live'
    this.#delivered = owed?.position ?? session.startPosition
    this.#ahead = owed === undefined || owed.ahead.size === 0 ? nothing : new Set(owed.ahead)
  }

  /** Whether messages count as acknowledged once they are sent. */
  get isAutomatic(): boolean {
    return this.ack === 'auto'
  }

  /** The position up to which every event was delivered or did not concern the topic. */
  get delivered(): number {
    return this.state === 'behind' ? this.#delivered : Math.max(this.#delivered, this.session.log.position)
  }

  /** The position up to which no event needs to be delivered again. */
  get acknowledged(): number {
    return this.#first === undefined ? this.delivered : Math.min(this.#first.position - 1, this.delivered)
  }

  /** Returns the head of a message. @param receipt of the action that the message answers */
  head(message: string, receipt?: string, ack?: string): MessageHead {
    this.#beginning ??= beginHead(this.destination, this.id)
    return endHead(this.#beginning, message, receipt, ack)
  }

  /** Records that an event was processed, whether it concerned the topic or not. */
  pass(position: number): void {
    if (position > this.#delivered) this.#delivered = position
  }

  /** Returns whether a message was delivered before and need not be delivered again. */
  has(position: number, type: string): boolean {
    return position <= this.#delivered || (this.#ahead.size > 0 && this.#ahead.has(nameOf(position, type)))
  }

  /** Records a message that was sent. */
  expect(ack: number | string, position: number, type: string): Sent {
    const at = uptime()
    const sent: Sent = { subscription: this, ack, position, type, at, isAcknowledged: false, next: undefined }
    if (this.#last) this.#last.next = sent
    else this.#first = sent
    this.#last = sent
    this.length += 1
    return sent
  }

  /** Records an event that could not be delivered: the next delivery continues before it. */
  miss(position: number): void {
    if (position > 0) this.expect('', position, '')
  }

  /** Records a message sent without need of acknowledgement, if an earlier event was missed: it is `ahead` of that. */
  skip(position: number, type: string): void {
    if (this.#first && position > 0) this.expect('', position, type).isAcknowledged = true
  }

  /** Drops acknowledged messages that have no unacknowledged message before them. */
  advance(): void {
    while (this.#first?.isAcknowledged) {
      this.#first = this.#first.next
      this.length -= 1
    }
    if (this.#first === undefined) this.#last = undefined
  }

  /** Yields the unacknowledged messages, oldest first. @param last the message to stop at */
  *unacknowledged(last?: Sent): Iterable<Sent> {
    for (let sent = this.#first; sent && sent !== last; sent = sent.next) if (!sent.isAcknowledged) yield sent
  }

  /** Where delivery continues when the client resubscribes. */
  get owed(): Owed {
    const position = this.acknowledged
    const ahead = new Set<string>()
    for (const what of this.#ahead) if (Number.parseInt(what, 10) > position) ahead.add(what)
    for (let sent = this.#first; sent; sent = sent.next)
      if (sent.isAcknowledged) ahead.add(nameOf(sent.position, sent.type))
    return { position, ids: new Set([this.id]), ahead }
  }
}

/** Returns the whole seconds since the process started. */
export function uptime(): number {
  return Math.floor(performance.now() / 1_000)
}

/** Returns the name of a message in `ahead`. */
function nameOf(position: number, type: string): string {
  return `${position} ${type}`
}
