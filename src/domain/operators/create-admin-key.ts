import type { Context } from '#context.ts'
import { insertAdminKey } from '#data/operators/admin-keys.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustKnowApplications } from '#domain/operators/must-know-applications.ts'
import { generateAdminKey } from '#domain/operators/secrets.ts'
import { refused } from '#errors.ts'
import type { CreateAdminKey, NewAdminKey } from '#resources/admin/operator.ts'

/** Creates an admin key, which is shown only once. @throws ChatError 400, access_denied for limits beyond one's own */
export async function createAdminKey(
  ctx: Context,
  caller: OperatorCaller,
  { name, role, applications, expiresTime }: CreateAdminKey,
): Promise<NewAdminKey> {
  await mustKnowApplications(ctx.db, caller, 'key', applications)
  if (expiresTime !== undefined && Date.parse(expiresTime) <= ctx.clock.now()) {
    throw refused('key', 'expiresTime', 'invalid', 'expiresTime: must be in the future')
  }
  const generated = generateAdminKey()
  const applicationIds = applications ?? []
  const made = await ctx.db.transact(async (tx) => {
    const key = await insertAdminKey(tx, {
      ...generated,
      name,
      role,
      applicationIds,
      createdBy: caller.name,
      expiresTime,
    })
    await noteAct(tx, caller, {
      action: 'key.created',
      target: { type: 'key', id: key.id },
      details: { name, role, ...(applications && { applications }), ...(expiresTime && { expiresTime }) },
    })
    return key
  })
  return { ...made, key: generated.key }
}
