import type { Context } from '#context.ts'
import { findUi } from '#data/applications/applications.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { Ui } from '#resources/ui.ts'

/** Returns the texts and looks of an application's user interfaces, including defaults. @throws ChatError 404 */
export async function getUi(ctx: Context, { applicationId }: ApplicationCaller): Promise<Ui> {
  const ui = (await findUi(ctx.db, [applicationId])).get(applicationId)
  if (!ui) throw notFound('application', applicationId)
  return ui
}
