import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LateUpdates } from '#realtime/late-updates.ts'
import type { Session } from '#realtime/sessions/session.ts'
import { uptime } from '#realtime/sessions/subscription.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const update: Delivery = {
  to: { membersOf: 7, topic: 'channels' },
  type: 'user.channel.updated',
  resource: '{}',
}

/** A message in channel 7. @param deliveries contain the last message, if it is published with its event */
const message = (...deliveries: Delivery[]): PublishedEvent => ({
  type: 'channel.message.created',
  applicationId: 1,
  channelId: 7,
  position: 3,
  deliveries,
})
const later: PublishedEvent = { applicationId: 1, channelId: 7, position: 0, deliveries: [update] }

/** A session whose client has received what was sent before a time. */
const session = (receivedAt: number, channelId = 7) =>
  ({ relations: { memberships: new Map([[channelId, 0]]) }, receivedAt }) as unknown as Session

it('a last message is late for members until it is published, and they have received something after it', () => {
  const updates = new LateUpdates()
  updates.note(message())
  expect(updates.of(session(uptime()))).toEqual([7])
  expect(updates.of(session(uptime(), 8))).toEqual([])
  expect(updates.waiting()).toEqual([[7, 1]])
  vi.advanceTimersByTime(1_000)
  updates.note(later)
  expect(updates.waiting()).toEqual([])
  expect(updates.of(session(uptime()))).toEqual([7])
  vi.advanceTimersByTime(1_000)
  expect(updates.of(session(uptime()))).toEqual([])
})

it('a last message that is published with its event is not late, as the event is replayed', () => {
  const updates = new LateUpdates()
  updates.note(message())
  updates.note(message(update))
  expect(updates.of(session(0))).toEqual([])
})

it('a last message is not late any more after five minutes', () => {
  const updates = new LateUpdates()
  updates.note(message())
  vi.advanceTimersByTime(302_000)
  updates.note({ ...later, channelId: 8 })
  expect(updates.of(session(0))).toEqual([])
})
