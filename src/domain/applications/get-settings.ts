import type { Context } from '#context.ts'
import { findSettings } from '#data/applications/applications.ts'
import type { Caller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { ApplicationSettings } from '#resources/application.ts'

export async function getSettings(
  ctx: Context,
  caller: Pick<Caller, 'applicationId'>,
): Promise<ApplicationSettings> {
  const settings = await findSettings(ctx.db, caller.applicationId)
  if (!settings) throw notFound('application', caller.applicationId)
  return { ...settings, features: settings }
}
