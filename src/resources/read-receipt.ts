import { z } from 'zod'
import { Channel } from '#resources/channel.ts'
import { defineResource, Timestamp } from '#resources/define.ts'
import { User } from '#resources/user.ts'

/** That a user read a message, and when. */
const ReadReceiptShape = z.object({ createdTime: Timestamp, user: User })
/** The message's id is for its link. */
export type ReadReceipt = z.output<typeof ReadReceiptShape> & { messageId: number }

export const readReceiptResource = defineResource<typeof ReadReceiptShape, ReadReceipt>({
  name: 'read_receipt',
  collection: 'receipts',
  component: 'MessageReadReceiptResource',
  shape: ReadReceiptShape,
  links: {
    user: (receipt) => `/users/${receipt.user.id}`,
    message: (receipt) => `/messages/${receipt.messageId}`,
    application: () => '',
  },
})

const Count = z.number().int().nonnegative().meta({ format: 'int64' })

/** How many messages of a channel a member has yet to read. */
const ReadReceiptSummaryShape = z.object({ channel: Channel, user: User, count: Count })
export type ReadReceiptSummary = z.output<typeof ReadReceiptSummaryShape>

export const readReceiptSummaryResource = defineResource({
  name: 'read_receipt_summary',
  collection: 'summaries',
  component: 'MessageReadReceiptSummaryResource',
  shape: ReadReceiptSummaryShape,
  links: { application: () => '' },
})

export const countResource = defineResource({
  name: 'count',
  collection: 'counts',
  component: 'CountResource',
  shape: z.object({ count: Count }),
  links: { application: () => '' },
})
