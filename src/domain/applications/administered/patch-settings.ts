import type { Context } from '#context.ts'
import { writeSettings } from '#data/applications/applications.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import type { AdminSettings } from '#resources/admin/application.ts'

/** Changes the settings that are given, and no others. */
export function patchSettings(
  ctx: Context,
  caller: ApplicationCaller,
  changes: { [K in keyof AdminSettings]?: AdminSettings[K] | undefined },
): Promise<AdminSettings> {
  return ctx.db.transact(async (tx) => {
    const settings = await writeSettings(tx, caller.applicationId, changes)
    await noteAct(tx, caller, { action: 'settings.updated', details: { ...changes } })
    return settings
  })
}
