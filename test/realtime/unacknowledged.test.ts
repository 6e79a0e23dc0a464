import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sent, Subscription } from '#realtime/sessions/subscription.ts'
import { Unacknowledged } from '#realtime/sessions/unacknowledged.ts'

function sentAs(ack: number | string): Sent {
  const subscription = {} as Subscription // nobody looks at it
  return { subscription, ack, position: 1, at: 0, type: '', isAcknowledged: false, next: undefined }
}

describe('unacknowledged messages', () => {
  it('are found by their ack id once, however many there are', () => {
    const step = fc.oneof(
      fc.constant('send' as const),
      fc.nat(80).map((back) => ({ back })),
      fc.constantFrom('a1', 'a2', '', '01', '1e0', '-1', 'NaN').map((ack) => ({ ack })),
      fc.constantFrom('a1', 'a2').map((answer) => ({ answer })),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const waiting = new Unacknowledged()
        const model = new Map<string, Sent>()
        let messages = 0
        const add = (ack: number | string) => {
          const sent = sentAs(ack)
          waiting.add(sent)
          model.set(String(ack), sent)
        }
        for (const each of steps) {
          if (each === 'send') {
            messages += 3 // those between need no acknowledgement
            add(messages)
          } else if ('answer' in each) {
            add(each.answer)
          } else {
            const ack = 'ack' in each ? each.ack : String(messages - each.back)
            expect(waiting.take(ack)).toBe(model.get(ack))
            model.delete(ack)
          }
          expect(waiting.size).toBe(model.size)
        }
        waiting.clear()
        expect(waiting.size).toBe(0)
        expect(waiting.take(String(messages))).toBeUndefined()
      }),
    )
  })
})
