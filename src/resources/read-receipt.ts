import { z } from 'zod'
import { address, defineHypermedia } from '#resources/address.ts'
import { Channel } from '#resources/channel.ts'
import { Amount, defineResource, Timestamp } from '#resources/define.ts'
import { User } from '#resources/user.ts'

/** A user has read a message at this time. */
export const ReadReceiptShape = z.object({ createdTime: Timestamp, user: User })
/** The message's id is needed for its link. */
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

/** The number of messages of a channel that a member has not read yet. */
const ReadReceiptSummaryShape = z.object({ channel: Channel, user: User, count: Amount })
export type ReadReceiptSummary = z.output<typeof ReadReceiptSummaryShape>

export const readReceiptSummaryResource = defineResource({
  name: 'read_receipt_summary',
  collection: 'summaries',
  component: 'MessageReadReceiptSummaryResource',
  shape: ReadReceiptSummaryShape,
  links: { application: () => '' },
})

export const Count = z.object({ count: Amount })

export const Exists = z.object({ exists: z.boolean() })

export const countResource = defineResource({
  name: 'count',
  collection: 'counts',
  component: 'CountResource',
  shape: Count,
  links: { application: () => '' },
})

export const readReceiptHypermedia = defineHypermedia<ReadReceipt>()(ReadReceiptShape, {
  params: ({ messageId }) => ({ messageId }),
  relays: { message: address('/application/messages/{messageId}.relay') },
})
