import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginHead, endHead, messageHead } from '#stomp/message-head.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1 })

describe('the heads of the messages of a subscription', () => {
  it('are the same as those of single messages', () => {
    fc.assert(
      fc.property(
        text,
        text,
        fc.nat(),
        fc.option(text, { nil: undefined }),
        fc.boolean(),
        (destination, id, nth, receipt, isAcknowledged) => {
          const ack = isAcknowledged ? String(nth) : undefined
          const head = endHead(beginHead(destination, id), String(nth), receipt, ack)
          const single = messageHead({
            destination,
            subscription: id,
            'message-id': String(nth),
            'receipt-id': receipt ?? '',
            ...(ack !== undefined && { ack }),
          })
          expect(head).toEqual(single)
          expect(head.bytes).toBe(Buffer.byteLength(head.text))
        },
      ),
    )
  })
})
