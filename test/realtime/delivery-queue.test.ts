import { describe, expect, it } from 'vitest'
import { DeliveryQueue } from '#realtime/delivery-queue.ts'
import type { PublishedEvent } from '#resources/published-event.ts'

function event(position: number): PublishedEvent {
  return { applicationId: 1, channelId: null, position, deliveries: [] }
}

function failed(error: unknown): void {
  throw error
}

describe('the queue of deliveries', () => {
  it('delivers in order, and says of an event whether others follow in its batch', async () => {
    const queue = new DeliveryQueue()
    const seen: [position: number, isAlone: boolean][] = []
    const deliver = async ({ position }: PublishedEvent, isAlone: boolean) => {
      seen.push([position, isAlone])
    }
    await queue.add([event(1)], deliver, failed)
    await queue.add([event(2), event(3)], deliver, failed)
    const [first, second] = [event(4), event(5)].map((each) => queue.add([each], deliver, failed))
    await Promise.all([first, second])
    expect(seen.slice(0, 4)).toEqual([
      [1, true],
      [2, false],
      [3, false],
      [4, false],
    ])
    expect(seen[4]?.[0]).toBe(5)
    expect(queue.waiting).toBe(0)
  })

  it('continues after a batch that failed', async () => {
    const queue = new DeliveryQueue()
    const errors: unknown[] = []
    const seen: number[] = []
    const deliver = async ({ position }: PublishedEvent) => {
      if (position === 1) throw new Error('no')
      seen.push(position)
    }
    await queue.add([event(1), event(2)], deliver, (error) => errors.push(error))
    await queue.add([event(3)], deliver, failed)
    expect(errors).toHaveLength(1)
    expect(seen).toEqual([3])
  })
})
