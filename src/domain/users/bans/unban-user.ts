import type { Context } from '#context.ts'
import { deleteBan } from '#data/users/bans.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { notFound } from '#errors.ts'

/** Lifts a user's ban. @throws ChatError 404 also if the user is not banned */
export async function unbanUser(ctx: Context, caller: ApplicationCaller, id: number): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    if (!(await deleteBan(tx, applicationId, id))) throw notFound('ban of user', id)
    await noteAct(tx, caller, { action: 'user.unbanned', target: { type: 'user', id } })
    await tx.emit({ type: 'user.unbanned', applicationId, payload: { userId: id } })
  })
}
