import type { Context } from '#context.ts'
import { findSettings, writeSettings } from '#data/applications/applications.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist, refused } from '#errors.ts'
import type { ApplicationSettings, UpdateApplicationSettings } from '#resources/application.ts'

type Name = 'guestUsers' | 'userCreatedChannels'

/**
 * Accepts the settings at the top level or under `features`, since both are shown. Clients return the whole document
 * with a change in one of the places, so the changed value counts; if both are changed, the one at the top level.
 * @throws ChatError 400 if a setting is missing
 */
export async function updateSettings(
  ctx: Context,
  caller: ApplicationCaller,
  input: UpdateApplicationSettings,
): Promise<ApplicationSettings> {
  const { applicationId } = caller
  const settings = await ctx.db.transact(async (tx) => {
    const current = mustExist(await findSettings(tx, applicationId), 'application', applicationId)
    const changed = (name: Name) => {
      const [flat, nested] = [input[name], input.features?.[name]]
      const value = flat === undefined || flat === current[name] ? (nested ?? flat) : flat
      if (!value) throw refused('application_settings', name, 'missing_field', `${name} is required`)
      return value
    }
    const changes = { guestUsers: changed('guestUsers'), userCreatedChannels: changed('userCreatedChannels') }
    return mustExist(await writeSettings(tx, applicationId, changes), 'application', applicationId)
  })
  return { ...settings, features: settings }
}
