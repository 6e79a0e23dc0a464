// Acknowledgements of a session, and what is delivered to it again. [runtime contract 1.5, decision 9]
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { realClock } from '#clock/clock.ts'
import type { TopicPositions } from '#domain/sessions/detach-session.ts'
import { type Connection, Session } from '#realtime/sessions/session.ts'
import { Subscription } from '#realtime/sessions/subscription.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'
import type { AckMode } from '#stomp/handler.ts'

const connection = {} as Connection // a session only keeps it
const baseUrls = { origin: 'http://localhost', streams: '' }

function open(log = { position: 0 }) {
  const facts = {
    id: 1,
    key: 'key',
    applicationId: 1,
    userId: 1,
    ackedPosition: log.position,
    isVouched: false,
  }
  const session = new Session(facts, log, realClock)
  session.attach(connection, baseUrls)
  return { session, log }
}

function subscribe(session: Session, id = 's', ack: AckMode = 'client-individual'): Subscription {
  const destination = `/topic/channels/1.${id}`
  const facts = { session, id, destination, owner: { channelId: 1 }, ack }
  const subscription = new Subscription(facts, session.owed.claim(destination, id))
  session.subscriptions.set(id, subscription)
  return subscription
}

/** Returns an event, which answers an action if it has a receipt. */
const event = (position: number, receipt?: string): PublishedEvent => ({
  applicationId: 1,
  channelId: 1,
  position,
  deliveries: [],
  ...(receipt !== undefined && { cause: { by: 1, session: 'key', receipt } }),
})
const delivery: Delivery = {
  to: { topic: '' },
  type: 'channel.message.created',
  resource: '{}',
  isEcho: true,
}

/** Matches the head of a message that answers an action. */
const answering = (receipt: string) => ({ text: expect.stringContaining(`\nreceipt-id:${receipt}\n`) })

/** Delivers an event live. @returns the ack of its message */
function tell(
  { session, log }: ReturnType<typeof open>,
  to: Subscription,
  position: number,
  receipt?: string,
) {
  const head = session.announce(to, event(position, receipt), delivery)
  log.position = position
  return head
}

describe('a session', () => {
  it('has acknowledged everything before its first unacknowledged message', () => {
    const all = open()
    const to = subscribe(all.session)
    const acks = [1, 2, 3].map((position) => tell(all, to, position)?.ack ?? '')
    expect(all.session.acknowledged).toBe(0)
    all.session.acknowledge(acks[1] ?? '')
    expect(all.session.acknowledged).toBe(0)
    all.session.acknowledge(acks[0] ?? '')
    expect(all.session.acknowledged).toBe(2)
    all.session.acknowledge(acks[2] ?? '')
    expect(all.session.acknowledged).toBe(3)
  })

  it('waits a minute for what it has not acknowledged before what it has, on any topic, and then no longer', () => {
    const time = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => time.mockRestore())
    const all = open()
    const topics = [subscribe(all.session, 's'), subscribe(all.session, 't')] as const
    tell(all, topics[0], 1)
    tell(all, topics[1], 2)
    time.mockReturnValue(30_000)
    const ack = tell(all, topics[1], 3)?.ack ?? ''
    tell(all, topics[1], 4)
    time.mockReturnValue(90_000)
    all.session.dropOverdue()
    expect(all.session.acknowledged).toBe(0)
    all.session.acknowledge(ack)
    expect(all.session.acknowledged).toBe(0)
    all.session.dropOverdue()
    expect(all.session.acknowledged).toBe(3)
    time.mockReturnValue(3_600_000)
    all.session.dropOverdue()
    expect(all.session.acknowledged).toBe(3)
  })

  it('never passes an event that it has missed', () => {
    const all = open()
    const to = subscribe(all.session)
    const time = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => time.mockRestore())
    to.miss(1)
    time.mockReturnValue(90_000)
    all.session.acknowledge(tell(all, to, 2)?.ack ?? '')
    time.mockReturnValue(3_600_000)
    all.session.dropOverdue()
    expect(all.session.acknowledged).toBe(0)
  })

  it('moves its position past events that do not concern it', () => {
    const { session, log } = open()
    log.position = 40
    expect(session.acknowledged).toBe(40)
  })

  it('needs no acknowledgement where the client disabled it', () => {
    const all = open()
    const head = tell(all, subscribe(all.session, 's', 'auto'), 1)
    expect(head).toMatchObject({ ack: undefined, text: expect.not.stringContaining('\nack:') })
    expect(all.session.acknowledged).toBe(1)
  })

  it('acknowledges with a message all before it on its subscription, in the mode for that, but not what it missed', () => {
    const all = open()
    const [to, other] = [subscribe(all.session, 's', 'client'), subscribe(all.session, 'other', 'client')]
    tell(all, other, 1)
    tell(all, to, 2)
    to.miss(3)
    tell(all, to, 4)
    const last = tell(all, to, 5)?.ack ?? ''
    tell(all, to, 6)
    all.session.acknowledge(last)
    expect(all.session.acknowledged).toBe(0)
    expect(to.owed).toMatchObject({
      position: 2,
      ahead: new Set(['4 channel.message.created', '5 channel.message.created']),
    })
    expect(other.owed.position).toBe(0)
  })

  it('acknowledges with the answer to an action none of the messages sent after it, in the mode for all before', () => {
    const all = open()
    const to = subscribe(all.session, 's', 'client')
    const answer = all.session.answer(to, 'mine')
    tell(all, to, 1)
    tell(all, to, 2, 'mine')
    all.session.acknowledge(answer?.ack ?? '')
    expect(to.owed.position).toBe(0)
  })

  it('owes last messages of channels until its client has received something that was sent after them', () => {
    const time = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => time.mockRestore())
    const all = open()
    const { session } = all
    const reconnect = () => {
      session.detach([])
      session.attach(connection, baseUrls)
    }
    session.detach([7])
    session.attach(connection, baseUrls)
    expect(session.owed.late).toEqual([7])
    session.owed.lateSent()
    expect(session.owed.late).toEqual([]) // they are sent once on a connection
    reconnect()
    expect(session.owed.late).toEqual([7])
    session.owed.lateSent()
    time.mockReturnValue(1_000)
    session.acknowledge(tell(all, subscribe(session), 1)?.ack ?? '')
    reconnect()
    expect(session.owed.late).toEqual([])
  })

  it('is overwhelmed if 10,000 messages wait behind one that is not acknowledged, even if they are', () => {
    const all = open()
    const to = subscribe(all.session)
    const [first, ...others] = Array.from({ length: 10_001 }, (_, at) => tell(all, to, at + 1)?.ack ?? '')
    for (const ack of others) all.session.acknowledge(ack)
    expect(all.session.isOverwhelmed).toBe(true)
    all.session.acknowledge(first ?? '')
    expect(all.session.isOverwhelmed).toBe(false)
    expect(all.session.acknowledged).toBe(10_001)
  })

  it('receives an answer once: at once, or by its event if that is faster', () => {
    const all = open()
    const to = subscribe(all.session)
    expect(all.session.answer(to, 'r1')).toMatchObject(answering('r1'))
    expect(tell(all, to, 1, 'r1')).toBeUndefined()
    expect(tell(all, to, 2, 'r2')).toMatchObject(answering('r2'))
    expect(all.session.answer(to, 'r2')).toBeUndefined()
  })

  it('receives an answer again by its event, if the connection was lost before it acknowledged it', () => {
    const all = open()
    const ack = all.session.answer(subscribe(all.session), 'r1')?.ack
    expect(ack).toBeDefined()
    all.session.detach([])
    all.session.attach(connection, baseUrls)
    expect(all.session.announce(subscribe(all.session), event(1, 'r1'), delivery)).toMatchObject(
      answering('r1'),
    )
  })

  it('does not receive an acknowledged answer again, however the event arrives', () => {
    const all = open()
    all.session.acknowledge(all.session.answer(subscribe(all.session), 'r1')?.ack ?? '')
    all.session.detach([])
    all.session.attach(connection, baseUrls)
    expect(all.session.announce(subscribe(all.session), event(1, 'r1'), delivery)).toBeUndefined()
  })

  it('receives of each topic what an uninterrupted session receives, and again only what it had not acknowledged', () => {
    // Clients subscribe to topics, acknowledge some messages, lose their connection, resume in this or another process,
    // and resubscribe to some of their topics at first and to the others later.
    const topic = fc.nat({ max: 3 })
    const step = fc.oneof(
      { weight: 8, arbitrary: topic.map((to) => ({ what: 'tell' as const, to })) },
      { weight: 6, arbitrary: fc.nat({ max: 9 }).map((which) => ({ what: 'acknowledge' as const, which })) },
      { weight: 4, arbitrary: topic.map((to) => ({ what: 'listen' as const, to })) },
      {
        weight: 2,
        arbitrary: fc
          .constantFrom('here', 'elsewhere', 'killed')
          .map((how) => ({ what: 'cut' as const, how })),
      },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const client = new Client()
        for (const each of steps) {
          if (each.what === 'tell') client.tell(each.to)
          else if (each.what === 'acknowledge') client.acknowledge(each.which)
          else if (each.what === 'listen') client.listen(each.to)
          else client.cut(each.how)
        }
        client.cut('here')
        client.mustHaveHeardAll()
      }),
      { numRuns: 500 },
    )
  })
})

/** A client, and a log of events with one topic each. */
class Client {
  readonly #delivered = { position: 0 }
  readonly #log: { position: number; to: number }[] = []
  /** Position of the first subscription to each topic. */
  readonly #since = new Map<number, number>()
  readonly #heard: number[] = []
  readonly #acknowledged = new Set<number>()
  #unacknowledged: { position: number; ack: string }[] = []
  #session = this.#open()
  #kept = 0

  #open(topics: TopicPositions | null = {}, ackedPosition = 0, isResumed = false): Session {
    const facts = { id: 1, key: 'key', applicationId: 1, userId: 1, ackedPosition, isVouched: false }
    const session = new Session(facts, this.#delivered, realClock, topics, isResumed)
    session.attach(connection, baseUrls)
    return session
  }

  #hear(to: Subscription, position: number): void {
    const head = this.#session.announce(to, event(position), delivery)
    if (!head) return
    expect(this.#acknowledged.has(position), 'told again though acknowledged').toBe(false)
    if (!this.#heard.includes(position)) this.#heard.push(position)
    this.#unacknowledged.push({ position, ack: head.ack ?? '' })
  }

  tell(to: number): void {
    const position = this.#log.length + 1
    this.#log.push({ position, to })
    const subscription = this.#session.subscriptions.get(`s${to}`)
    if (subscription) this.#hear(subscription, position)
    this.#delivered.position = position
    if (position % 7 === 0) this.#kept = Math.max(this.#kept, this.#session.acknowledged)
  }

  acknowledge(which: number): void {
    const [message] = this.#unacknowledged.splice(which % (this.#unacknowledged.length || 1), 1)
    if (!message) return
    this.#session.acknowledge(message.ack)
    this.#acknowledged.add(message.position)
  }

  /** Subscribes to a topic, with the same id each time. */
  listen(to: number): void {
    if (this.#session.subscriptions.has(`s${to}`)) return
    const subscription = subscribe(this.#session, `s${to}`)
    if (!this.#since.has(to)) this.#since.set(to, subscription.delivered)
    for (const each of this.#log) {
      if (each.to === to && each.position > subscription.delivered) this.#hear(subscription, each.position)
    }
    subscription.pass(this.#delivered.position)
    subscription.state = 'live'
  }

  cut(how: string): void {
    const session = this.#session
    const { acknowledged } = session
    session.detach([])
    this.#unacknowledged = []
    if (how === 'here') session.attach(connection, baseUrls)
    else if (how === 'elsewhere') {
      const topics = JSON.parse(JSON.stringify(session.owed)) as TopicPositions
      this.#session = this.#open(topics, acknowledged, true)
      // Acknowledgements beyond a gap are known only to the process that received them.
      this.#acknowledged.clear()
    } else {
      this.#session = this.#open(null, this.#kept, true)
      this.#acknowledged.clear()
    }
  }

  mustHaveHeardAll(): void {
    for (const to of this.#since.keys()) {
      this.listen(to)
      const all = this.#log.filter((each) => each.to === to).map(({ position }) => position)
      const due = all.filter((position) => position > (this.#since.get(to) ?? 0))
      const heard = this.#heard.filter((position) => due.includes(position))
      expect(heard).toEqual(due)
    }
  }
}
