import type { Context } from '#context.ts'
import { deleteAdminKeyRow, findAdminKeyById } from '#data/operators/admin-keys.ts'
import { isWithin, type OperatorCaller } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { notFound } from '#errors.ts'

/** Revokes a key, at once in every process. @throws ChatError 404 */
export async function deleteAdminKey(ctx: Context, caller: OperatorCaller, id: number): Promise<void> {
  await ctx.db.transact(async (tx) => {
    const key = await findAdminKeyById(tx, id)
    if (!key || !isWithin(caller, key.applications)) throw notFound('key', id)
    if (!(await deleteAdminKeyRow(tx, id))) throw notFound('key', id)
    await noteAct(tx, caller, {
      action: 'key.deleted',
      target: { type: 'key', id },
      details: { name: key.name },
    })
  })
}
