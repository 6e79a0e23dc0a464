import type { Context } from '#context.ts'
import {
  dropTask,
  firstTask,
  type Notified,
  tasksMax,
  writeNotifications,
} from '#data/events/notifications.ts'
import { isGone, withoutWords } from '#errors.ts'

export { tasksMax }

/** Tells a batch of members of messages they were not there for: of `limit` messages, or of one alone. */
export function notifyMembers(ctx: Context, limit?: number, only?: number): Promise<Notified> {
  return writeNotifications(ctx.db, limit, only)
}

/** The message that members are to be told of next. */
export function nextTask(ctx: Context): Promise<number | undefined> {
  return firstTask(ctx.db)
}

/** Gives up to notify members of a message. */
export async function setTaskAside(ctx: Context, messageId: number, error: unknown): Promise<Notified> {
  await dropTask(ctx.db, messageId)
  if (isGone(error)) return { more: true, hasPublished: false, asked: false }
  ctx.metrics.count('notifications set aside')
  ctx.log.error({ err: withoutWords(error), messageId }, 'members cannot be notified of a message')
  return { more: true, hasPublished: false, asked: false }
}
