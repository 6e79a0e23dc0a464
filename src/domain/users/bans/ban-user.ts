import type { Context } from '#context.ts'
import { findAdministeredUser } from '#data/users/administered.ts'
import { putBan } from '#data/users/bans.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { endedEvents } from '#domain/sessions/ended-events.ts'
import { notFound, refused } from '#errors.ts'
import type { AdminUser, BanUser } from '#resources/admin/moderation.ts'

/**
 * Bans a user, for ever or until a time: their sessions end at once, they cannot connect, and nobody can send on their
 * behalf. Replaces an existing ban.
 * @throws ChatError 404, 400 if the time is in the past
 */
export async function banUser(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  { until, reason }: BanUser,
): Promise<AdminUser> {
  const { applicationId, operator } = caller
  if (until !== undefined && Date.parse(until) <= ctx.clock.now()) {
    throw refused('user', 'until', 'invalid', 'until: must be in the future')
  }
  return ctx.db.transact(async (tx) => {
    const createdBy = operator?.name ?? 'the application'
    const ended = await putBan(tx, { applicationId, userId: id, reason, until, createdBy })
    const user = ended && (await findAdministeredUser(tx, applicationId, id))
    if (!user) throw notFound('user', id)
    await noteAct(tx, caller, {
      action: 'user.banned',
      target: { type: 'user', id },
      details: { ...(until && { until }), ...(reason && { reason }) },
    })
    await tx.emit(
      { type: 'user.banned', applicationId, payload: { userId: id, until, reason } },
      ...endedEvents(ended, () => applicationId),
    )
    return user
  })
}
