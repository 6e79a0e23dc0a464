// What a session has acknowledged, and what it is told again. [runtime contract 1.5, decision 9]
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Told } from '#realtime/publish.ts'
import { type Connection, Session, type Subscription } from '#realtime/session.ts'

const connection = {} as Connection // a session only keeps it
const place = { origin: 'http://localhost', streams: '' }

function open(clock = { position: 0 }) {
  const facts = { id: 1, key: 'key', applicationId: 1, userId: 1, ackedPosition: clock.position }
  const session = new Session(facts, clock)
  session.attach(connection, place, 'live')
  return { session, clock }
}

function subscribe(session: Session, id = 's', isAutomatic = false): Subscription {
  const subscription = { session, id, destination: `/topic/channels/1.${id}`, isAutomatic }
  session.subscriptions.set(id, subscription)
  return subscription
}

const event = (position: number): Told => ({ applicationId: 1, channelId: 1, position, deliveries: [] })
const type = 'channel.message.created'

/** Sends an event live; gives the ack of its message. */
function tell(
  { session, clock }: ReturnType<typeof open>,
  to: Subscription,
  position: number,
  receipt?: string,
) {
  const headers = session.announce(to, event(position), type, receipt)
  clock.position = position
  return headers
}

describe('a session', () => {
  it('has acknowledged what was before the first message that it has not', () => {
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

  it('follows what does not concern it', () => {
    const { session, clock } = open()
    clock.position = 40
    expect(session.acknowledged).toBe(40)
  })

  it('needs no acknowledgement where the client said so', () => {
    const all = open()
    const headers = tell(all, subscribe(all.session, 's', true), 1)
    expect(headers).not.toHaveProperty('ack')
    expect(all.session.acknowledged).toBe(1)
  })

  it('is told an answer once: at once, or by its event if that is faster', () => {
    const all = open()
    const to = subscribe(all.session)
    expect(all.session.answer(to, 'r1')).toMatchObject({ 'receipt-id': 'r1' })
    expect(tell(all, to, 1, 'r1')).toBeUndefined()
    expect(tell(all, to, 2, 'r2')).toMatchObject({ 'receipt-id': 'r2' })
    expect(all.session.answer(to, 'r2')).toBeUndefined()
  })

  it('is told an answer again by its event, if the connection was lost before it acknowledged it', () => {
    const all = open()
    const ack = all.session.answer(subscribe(all.session), 'r1')?.ack
    expect(ack).toBeDefined()
    all.session.detach()
    all.session.attach(connection, place, 'resuming')
    expect(all.session.announce(subscribe(all.session), event(1), type, 'r1')).toMatchObject({
      'receipt-id': 'r1',
    })
  })

  it('is not told an answer again that it acknowledged, however the event comes by', () => {
    const all = open()
    all.session.acknowledge(all.session.answer(subscribe(all.session), 'r1')?.ack ?? '')
    all.session.detach()
    all.session.attach(connection, place, 'resuming')
    expect(all.session.announce(subscribe(all.session), event(1), type, 'r1')).toBeUndefined()
  })

  it('gets every event at least once, in order, and again only what it had not acknowledged', () => {
    // What a client does: acknowledges some of what it has, loses its connection, comes back.
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('tell' as const) },
      { weight: 4, arbitrary: fc.nat({ max: 5 }).map((which) => ({ which })) },
      { weight: 1, arbitrary: fc.constant('cut' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const all = open()
        let to = subscribe(all.session)
        let last = 0
        let unacknowledged: { position: number; ack: string }[] = []
        const acknowledged = new Set<number>()
        const first: number[] = []
        const get = (position: number) => {
          const headers = all.session.announce(to, event(position), type, undefined)
          if (!headers) return
          expect(acknowledged.has(position), 'told again though acknowledged').toBe(false)
          if (!first.includes(position)) first.push(position)
          unacknowledged.push({ position, ack: headers.ack ?? '' })
        }
        for (const each of [...steps, 'cut' as const]) {
          if (each === 'tell') {
            last += 1
            get(last)
            all.clock.position = last
          } else if (each === 'cut') {
            all.session.detach()
            unacknowledged = []
            all.session.attach(connection, place, 'resuming')
            to = subscribe(all.session)
            for (let position = all.session.told + 1; position <= last; position++) {
              get(position)
              all.session.pass(position)
            }
            all.session.state = 'live'
          } else {
            const [message] = unacknowledged.splice(each.which % (unacknowledged.length || 1), 1)
            if (!message) continue
            all.session.acknowledge(message.ack)
            acknowledged.add(message.position)
          }
        }
        expect(first).toEqual(Array.from({ length: last }, (_, at) => at + 1))
      }),
    )
  })
})
