// One subscription to a topic: through where events were delivered to it, and which of them are acknowledged.
import type { TopicOwner } from '#domain/access/topic.ts'
import type { Session } from '#realtime/session.ts'
import { beginHead, endHead, type HeadBeginning, type MessageHead } from '#stomp/message-head.ts'

/** What was delivered of a topic when its subscription ended with the connection. */
export interface Owed {
  /** Nothing up to this position needs to be delivered again. */
  position: number
  /** Of the subscriptions that it had. */
  ids: Set<string>
  /** Acknowledged behind the position: not to be delivered again either. */
  ahead: Set<string>
}

/** A message that waits for its acknowledgement. */
export interface Sent {
  readonly subscription: Subscription
  /** The number of the message; of answers to actions a text, and empty where nobody will acknowledge it. */
  readonly ack: number | string
  readonly position: number
  readonly type: string
  isAcknowledged: boolean
  next: Sent | undefined
}

export interface SubscriptionFacts {
  session: Session
  id: string
  destination: string
  owner: TopicOwner
  /** Whether what is delivered counts as acknowledged once it is sent. */
  isAutomatic: boolean
}

/**
 * `behind`: is being sent what was missed; what is new waits for that. `over`: may not be heard any more, and stays for
 * what was delivered before and is not acknowledged.
 */
export type SubscriptionState = 'live' | 'behind' | 'over'

const nothing: ReadonlySet<string> = new Set()

export class Subscription {
  readonly session: Session
  readonly id: string
  readonly destination: string
  readonly owner: TopicOwner
  readonly isAutomatic: boolean
  state: SubscriptionState
  /** Through where it was delivered before it was live. */
  #delivered: number
  /** Of most, nothing is. */
  readonly #ahead: ReadonlySet<string>
  /** Of its messages, once there are any. */
  #beginning: HeadBeginning | undefined
  #first: Sent | undefined
  #last: Sent | undefined

  /** @param owed from where it goes on; otherwise it gets what comes from now on */
  constructor({ session, id, destination, owner, isAutomatic }: SubscriptionFacts, owed?: Owed) {
    this.session = session
    this.id = id
    this.destination = destination
    this.owner = owner
    this.isAutomatic = isAutomatic
    this.state = owed ? 'behind' : 'live'
    this.#delivered = owed?.position ?? session.startPosition
    this.#ahead = owed === undefined || owed.ahead.size === 0 ? nothing : new Set(owed.ahead)
  }

  /** All up to this position was delivered, or did not concern it. */
  get delivered(): number {
    return this.state === 'behind' ? this.#delivered : Math.max(this.#delivered, this.session.log.position)
  }

  /** Nothing up to this position needs to be delivered again. */
  get acknowledged(): number {
    return this.#first === undefined ? this.delivered : Math.min(this.#first.position - 1, this.delivered)
  }

  /** The head of a message that it is sent. @param receipt of the action that it answers */
  head(message: string, receipt?: string, ack?: string): MessageHead {
    this.#beginning ??= beginHead(this.destination, this.id)
    return endHead(this.#beginning, message, receipt, ack)
  }

  /** An event has come by, whether it concerned the topic or not. */
  pass(position: number): void {
    if (position > this.#delivered) this.#delivered = position
  }

  /** Whether this was delivered before, and needs not be again. */
  has(position: number, type: string): boolean {
    return position <= this.#delivered || (this.#ahead.size > 0 && this.#ahead.has(nameOf(position, type)))
  }

  /** A message is on its way. */
  expect(ack: number | string, position: number, type: string): Sent {
    const sent: Sent = { subscription: this, ack, position, type, isAcknowledged: false, next: undefined }
    if (this.#last) this.#last.next = sent
    else this.#first = sent
    this.#last = sent
    return sent
  }

  /** An event could not be delivered: what comes next goes on from before it. */
  miss(position: number): void {
    if (position > 0) this.expect('', position, '')
  }

  /** A message was sent that needs no acknowledgement: it is ahead of what was missed before, if anything was. */
  skip(position: number, type: string): void {
    if (this.#first && position > 0) this.expect('', position, type).isAcknowledged = true
  }

  /** Forgets what is acknowledged with all before it. */
  advance(): void {
    while (this.#first?.isAcknowledged) this.#first = this.#first.next
    if (this.#first === undefined) this.#last = undefined
  }

  /** What waits for its acknowledgement, oldest first. */
  *unacknowledged(): Iterable<Sent> {
    for (let sent = this.#first; sent; sent = sent.next) if (!sent.isAcknowledged) yield sent
  }

  /** What is to be delivered when the client subscribes again. */
  get owed(): Owed {
    const position = this.acknowledged
    const ahead = new Set<string>()
    for (const what of this.#ahead) if (Number.parseInt(what, 10) > position) ahead.add(what)
    for (let sent = this.#first; sent; sent = sent.next)
      if (sent.isAcknowledged) ahead.add(nameOf(sent.position, sent.type))
    return { position, ids: new Set([this.id]), ahead }
  }
}

/** What was delivered, among what is ahead. */
function nameOf(position: number, type: string): string {
  return `${position} ${type}`
}
