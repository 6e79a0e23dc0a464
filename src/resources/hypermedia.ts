// Every resource that shows more than its fields in real time, by its shape, so that it is also found inside others.
import type { z } from 'zod'
import type { AnyHypermedia } from '#resources/address.ts'
import { channelBlockRecordHypermedia, channelHypermedia } from '#resources/channel.ts'
import { channelEventHypermedia } from '#resources/channel-event.ts'
import { messageHypermedia, reactionHypermedia } from '#resources/message.ts'
import { notificationDataHypermedia, notificationHypermedia } from '#resources/notification.ts'
import { readReceiptHypermedia } from '#resources/read-receipt.ts'
import { keystrokesHypermedia, threadHypermedia } from '#resources/thread.ts'
import { currentUserHypermedia, userBlockedRecordHypermedia, userHypermedia } from '#resources/user.ts'

export const allHypermedia: AnyHypermedia[] = [
  channelBlockRecordHypermedia,
  channelEventHypermedia,
  channelHypermedia,
  currentUserHypermedia,
  keystrokesHypermedia,
  messageHypermedia,
  notificationDataHypermedia,
  notificationHypermedia,
  reactionHypermedia,
  readReceiptHypermedia,
  threadHypermedia,
  userBlockedRecordHypermedia,
  userHypermedia,
]

const byShape = new Map<z.ZodType, AnyHypermedia>(
  allHypermedia.map((hypermedia) => [hypermedia.shape, hypermedia]),
)

/** Returns the hypermedia of a shape, if it has any. */
export function hypermediaOf(shape: z.ZodType): AnyHypermedia | undefined {
  return byShape.get(shape)
}
