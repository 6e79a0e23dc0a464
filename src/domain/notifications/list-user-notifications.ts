import type { Context } from '#context.ts'
import { listNotifications } from '#data/events/notifications.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getUser } from '#domain/users/get-user.ts'
import type { Notification } from '#resources/notification.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** Lists what a user was notified of while absent, newest first. @throws ChatError 404 */
export async function listUserNotifications(
  ctx: Context,
  caller: ApplicationCaller,
  userId: number,
  request: CursorRequest,
): Promise<CursorPage<Notification>> {
  await getUser(ctx, caller, userId)
  return listNotifications(ctx.db, userId, request)
}
