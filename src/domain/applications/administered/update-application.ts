import type { Context } from '#context.ts'
import { findAdministered, lockProperties, updateApplicationRow } from '#data/applications/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { changedProperties } from '#domain/merge-patch.ts'
import { mustExist } from '#errors.ts'
import type { AdminApplication, PatchApplication } from '#resources/admin/application.ts'

/** @throws ChatError 404 */
export function updateApplication(
  ctx: Context,
  caller: ApplicationCaller,
  { name, properties }: PatchApplication,
): Promise<AdminApplication> {
  const { applicationId: id } = caller
  return ctx.db.transact(async (tx) => {
    const before = mustExist(await lockProperties(tx, id), 'application', id)
    const change = properties === undefined ? undefined : { merge: properties }
    await updateApplicationRow(tx, id, { name, properties: changedProperties(before, change) })
    await noteAct(tx, caller, {
      action: 'application.updated',
      target: { type: 'application', id },
      details: {
        ...(name !== undefined && { name }),
        ...(properties !== undefined && { properties: 'changed' }),
      },
    })
    return mustExist(await findAdministered(tx, id), 'application', id)
  })
}
