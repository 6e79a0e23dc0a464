import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import { hasManyTraces } from '#data/removal/traces.ts'
import { retireUser } from '#data/users/retirement.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeSelf } from '#domain/access/user.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { batchMax } from '#domain/removal/in-batches.ts'
import { departureOf } from '#domain/users/departure-of.ts'
import { getUser } from '#domain/users/get-user.ts'
import { mustExist } from '#errors.ts'
import type { User } from '#resources/user.ts'

/**
 * Deletes a user: they leave their channels, their sessions end, their name is free again, their messages stay. Many
 * reactions, reads or notifications are removed by a job. Users may delete only themselves (runtime contract 11, 5).
 * @returns the user as they were
 * @throws ChatError 404, AccessDeniedError
 */
export async function deleteUser(ctx: Context, caller: Caller, id: number): Promise<User> {
  mustBeSelf(caller, id)
  const { applicationId } = caller
  const user = await getUser(ctx, caller, id)
  const hasMany = await hasManyTraces(ctx.db, id, batchMax)
  if (hasMany) await ctx.queue.ready()
  await ctx.db.transact(async (tx) => {
    const retired = mustExist(await retireUser(tx, applicationId, id, { withTraces: !hasMany }), 'user', id)
    if (hasMany) await insertJob(tx, applicationId, 'USER_DELETION', { userId: id })
    await noteAct(tx, caller, { action: 'user.deleted', target: { type: 'user', id } })
    await tx.emit(...departureOf(applicationId, id, retired, causeOf(caller)))
  })
  return user
}
