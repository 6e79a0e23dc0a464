import type { Context } from '#context.ts'
import { findAdminSettings, writeAdminSettings, writeSettings } from '#data/applications/applications.ts'
import { setApplicationPersisted } from '#data/channels/persistence.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustExist } from '#errors.ts'
import type { AdminSettings, PatchSettings } from '#resources/admin/application.ts'

/** Changes only the settings that are given. */
export function patchSettings(
  ctx: Context,
  caller: ApplicationCaller,
  changes: PatchSettings,
): Promise<AdminSettings> {
  const { applicationId } = caller
  return ctx.db.transact(async (tx) => {
    await writeSettings(tx, applicationId, changes)
    await writeAdminSettings(tx, applicationId, changes)
    const { messagesPersisted } = changes
    if (messagesPersisted !== undefined) await setApplicationPersisted(tx, applicationId, messagesPersisted)
    await noteAct(tx, caller, { action: 'settings.updated', details: { ...changes } })
    return mustExist(await findAdminSettings(tx, applicationId), 'application', applicationId)
  })
}
