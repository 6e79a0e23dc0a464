// The bodies of webhooks: `{type, timestamp, data}`, data in the shapes of the Platform API (operating contract 4).
import type { Context } from '#context.ts'
import { findEmoji } from '#domain/messages/emoji.ts'
import type { DeliverySubjects } from '#domain/webhooks/load-delivery-subjects.ts'
import type { DueDelivery } from '#domain/webhooks/take-deliveries.ts'
import { channelResource } from '#resources/channel.ts'
import type { AnyResource } from '#resources/define.ts'
import { messageResource, reactionResource } from '#resources/message.ts'
import { userResource } from '#resources/user.ts'
import type { WebhookType } from '#resources/webhook.ts'
import { ownView, present } from '#wire/hal.ts'

type Data = Record<string, unknown>
type Show = <E>(resource: AnyResource<E>, entity: E | undefined) => Data | undefined
type ToData = (delivery: DueDelivery, subjects: DeliverySubjects, show: Show) => Data

/** Returns the body with the current state of the subject, or with its ids if it no longer exists. */
export function webhookBody(ctx: Context, delivery: DueDelivery, subjects: DeliverySubjects): string {
  const view = ownView(ctx.baseUrl(), delivery.applicationId)
  const { type, createdTime: timestamp } = delivery
  const toData = datas[type as WebhookType]
  const data = toData(delivery, subjects, (resource, entity) =>
    entity === undefined ? undefined : present(resource, entity, view),
  )
  return JSON.stringify({ type, timestamp, data })
}

/** A deleted channel is shown as it was then, because its row may remain for a while, without its members. */
const channel: ToData = ({ channelId, payload }, { channels }, show) =>
  show(channelResource, payload.channel ?? channels.get(channelId ?? 0)) ?? { id: channelId }
const message: ToData = ({ payload, channelId }, { messages }, show) =>
  show(messageResource, messages.get(payload.messageId ?? 0) ?? payload.message) ?? {
    id: payload.messageId,
    channelId,
  }
const user: ToData = ({ payload }, { users }, show) =>
  show(userResource, users.get(payload.userId ?? 0)) ?? { id: payload.userId }

const member: ToData = (delivery, subjects, show) => ({
  channel: channel(delivery, subjects, show),
  user: user(delivery, subjects, show),
})

const reaction: ToData = (delivery, subjects, show) => {
  const { messageId = 0, createdTime = '', emoji = '', userId } = delivery.payload
  const found = findEmoji(emoji)
  const by = subjects.users.get(userId ?? 0)
  const shown = by && found && { user: by, emoji: found, messageId, createdTime }
  return { ...(show(reactionResource, shown) ?? {}), message: message(delivery, subjects, show) }
}

/** Shows the payload itself, for events where it is complete. */
const asWritten: ToData = ({ payload }) => {
  const { by: _, traceparent: __, ...rest } = payload
  return rest
}

const datas: Record<WebhookType, ToData> = {
  'channel.created': channel,
  'channel.updated': channel,
  'channel.deleted': channel,
  'channel.member.added': member,
  'channel.member.removed': member,
  'message.created': message,
  'message.updated': message,
  'message.deleted': message,
  'message.reported': (delivery, subjects, show) => ({
    message: message(delivery, subjects, show),
    user: user(delivery, subjects, show),
    report: delivery.payload.report,
  }),
  'reaction.added': reaction,
  'reaction.removed': reaction,
  'user.created': user,
  'user.updated': user,
  'user.deleted': user,
  'user.banned': (delivery, subjects, show) => {
    const { until, reason } = delivery.payload
    return { user: user(delivery, subjects, show), until, reason }
  },
  'user.connected': user,
  'user.disconnected': user,
  'job.ended': asWritten,
  'function.failed': asWritten,
}
