import type { Context } from '#context.ts'
import { writeSettings } from '#data/applications/applications.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist, refused } from '#errors.ts'
import type { ApplicationSettings, UpdateApplicationSettings } from '#resources/application.ts'

/** Accepts the settings at the top level or under `features`, since both are shown. */
export async function updateSettings(
  ctx: Context,
  caller: ApplicationCaller,
  input: UpdateApplicationSettings,
): Promise<ApplicationSettings> {
  const guestUsers = input.guestUsers ?? input.features?.guestUsers
  const userCreatedChannels = input.userCreatedChannels ?? input.features?.userCreatedChannels
  if (!guestUsers) throw missing('guestUsers')
  if (!userCreatedChannels) throw missing('userCreatedChannels')
  const { applicationId } = caller
  const written = await ctx.db.transact((tx) =>
    writeSettings(tx, applicationId, { guestUsers, userCreatedChannels }),
  )
  const settings = mustExist(written, 'application', applicationId)
  return { ...settings, features: settings }
}

function missing(field: string) {
  return refused('application_settings', field, 'missing_field', `${field} is required`)
}
