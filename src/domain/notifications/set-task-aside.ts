import type { Context } from '#context.ts'
import { dropTask, type Notified } from '#data/events/notifications.ts'
import { isGone, withoutWords } from '#errors.ts'

/** Gives up notifying members of a message. */
export async function setTaskAside(ctx: Context, messageId: number, error: unknown): Promise<Notified> {
  await dropTask(ctx.db, messageId)
  if (isGone(error)) return { more: true, hasPublished: false, asked: false }
  ctx.metrics.count('notifications set aside')
  ctx.log.error(
    { err: withoutWords(error), messageId },
    'the members of a channel could not be notified of a message',
  )
  return { more: true, hasPublished: false, asked: false }
}
