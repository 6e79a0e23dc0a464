// The event payloads of functions by type, in the shapes of the Platform API (runtime contract 9).
import type { Context } from '#context.ts'
import type { RunSubjects } from '#domain/functions/runs/load-run-subjects.ts'
import type { QueuedRun } from '#domain/functions/runs/take-queued-runs.ts'
import { findEmoji } from '#domain/messages/emoji.ts'
import { channelResource } from '#resources/channel.ts'
import { channelEventResource } from '#resources/channel-event.ts'
import type { AnyResource } from '#resources/define.ts'
import type { blockingType, FunctionType } from '#resources/function.ts'
import { messageResource, reactionResource } from '#resources/message.ts'
import { notificationResource } from '#resources/notification.ts'
import { readReceiptResource } from '#resources/read-receipt.ts'
import { userResource } from '#resources/user.ts'
import { ownView, present } from '#wire/hal.ts'

type Event = Record<string, unknown>
type ToEvent = (run: QueuedRun, subjects: RunSubjects, show: Show) => Event
/** Returns the document of an entity. @throws Gone if the entity is undefined */
type Show = <E>(resource: AnyResource<E>, entity: E | undefined) => Record<string, unknown>

class Gone extends Error {}

/** Returns the event of a run; undefined if its subject no longer exists. */
export function presentFunctionEvent(ctx: Context, run: QueuedRun, subjects: RunSubjects): Event | undefined {
  const view = ownView(ctx.baseUrl(), run.applicationId)
  const toEvent = (events as Record<string, ToEvent | undefined>)[run.function.type]
  try {
    return toEvent?.(run, subjects, (resource, entity) => {
      if (entity === undefined) throw new Gone()
      return present(resource, entity, view)
    })
  } catch (error) {
    if (error instanceof Gone) return undefined
    throw error
  }
}

const userOf = ({ payload }: QueuedRun, { users }: RunSubjects) => users.get(payload.userId ?? 0)
const channelOf = ({ channelId }: QueuedRun, { channels }: RunSubjects) => channels.get(channelId ?? 0)
/** A message that its channel does not persist is in the event. */
const messageOf = ({ payload }: QueuedRun, { messages }: RunSubjects) =>
  messages.get(payload.messageId ?? 0) ?? payload.message

const events: Record<Exclude<FunctionType, typeof blockingType>, ToEvent> = {
  'user.started.chat_session': (run, subjects, show) => {
    const chat = subjects.chats.get(run.id)
    return {
      user: show(userResource, userOf(run, subjects)),
      channel: show(channelResource, channelOf(run, subjects)),
      channelUnread: chat?.unread ?? false,
      channelMessagesCount: chat?.messagesCount ?? 0,
    }
  },
  'user.sent.message': (run, subjects, show) => ({
    user: show(userResource, userOf(run, subjects)),
    channel: show(channelResource, channelOf(run, subjects)),
    message: show(messageResource, messageOf(run, subjects)),
  }),
  'user.received.notification': (run, subjects, show) => ({
    user: show(userResource, userOf(run, subjects)),
    notification: show(notificationResource, subjects.notifications.get(run.payload.notificationId ?? 0)),
    userHasActiveSession: run.payload.userHasActiveSession === true,
  }),
  'user.read.message': (run, subjects, show) => {
    const { messageId = 0, createdTime = '' } = run.payload
    const user = userOf(run, subjects)
    return {
      user: show(userResource, user),
      message: show(messageResource, messageOf(run, subjects)),
      receipt: show(readReceiptResource, user && { user, messageId, createdTime }),
    }
  },
  'user.received.channel_invite': (run, subjects, show) => {
    const inviting = subjects.users.get(run.payload.by ?? 0)
    return {
      user: show(userResource, userOf(run, subjects)),
      channel: show(channelResource, channelOf(run, subjects)),
      ...(inviting && { invitingUser: show(userResource, inviting) }),
    }
  },
  'user.triggered.event': (run, subjects, show) => {
    const { event } = run.payload
    const user = userOf(run, subjects)
    return {
      user: show(userResource, user),
      channel: show(channelResource, channelOf(run, subjects)),
      event: show(channelEventResource, event && { ...event, ...(user && { user }) }),
    }
  },
  'system.triggered.event': (run, subjects, show) => ({
    channel: show(channelResource, channelOf(run, subjects)),
    event: show(channelEventResource, run.payload.event),
  }),
  'user.reacted_to.message': (run, subjects, show) => {
    const { messageId = 0, createdTime = '', emoji = '' } = run.payload
    const user = userOf(run, subjects)
    const found = findEmoji(emoji)
    return {
      user: show(userResource, user),
      message: show(messageResource, messageOf(run, subjects)),
      reaction: show(reactionResource, user && found && { user, emoji: found, messageId, createdTime }),
    }
  },
}
