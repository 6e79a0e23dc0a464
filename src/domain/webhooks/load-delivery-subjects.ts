import type { Context } from '#context.ts'
import { findChannels } from '#data/channels/channels.ts'
import { messagesById } from '#data/messages/messages.ts'
import { usersById } from '#data/users/users.ts'
import type { DueDelivery } from '#data/webhooks/deliveries.ts'
import { distinctIds } from '#domain/distinct-ids.ts'
import type { Channel } from '#resources/channel.ts'
import type { Message } from '#resources/message.ts'
import type { User } from '#resources/user.ts'

export interface DeliverySubjects {
  users: Map<number, User>
  channels: Map<number, Channel>
  messages: Map<number, Message>
}

/** Loads the current subjects of deliveries, in three round trips for all of them. */
export async function loadDeliverySubjects(
  { db }: Context,
  deliveries: DueDelivery[],
): Promise<DeliverySubjects> {
  const [users, channels, messages] = await Promise.all([
    usersById(db, distinctIds(deliveries.flatMap(({ payload }) => [payload.userId, payload.by]))),
    findChannels(db, distinctIds(deliveries.map(({ channelId }) => channelId))),
    messagesById(db, distinctIds(deliveries.map(({ payload }) => payload.messageId))),
  ])
  return { users, channels, messages }
}
