import type { Context } from '#context.ts'
import { findOnlyApplication, findUi } from '#data/applications/applications.ts'
import { findApplicationByKey } from '#data/applications/entrances.ts'
import { completeUi, type Ui } from '#resources/ui.ts'

/** What the chat of a widget connects with, shows and looks like. */
export type WidgetUi = Ui & { apiKey: string }

/**
 * What the chat of a widget is (decision 11). Its id is the API key of an application, which is public, or one that the
 * settings give a key. Any other, such as a hosted one, means the application where there is one alone, or else is as
 * nobody has set anything.
 */
export async function getWidgetUi(ctx: Context, widgetId: string): Promise<WidgetUi> {
  const apiKey = ctx.config.chatWidgets.get(widgetId) ?? widgetId
  const known = await findApplicationByKey(ctx.db, apiKey)
  const application = known ? { id: known.id, key: apiKey } : await findOnlyApplication(ctx.db)
  const ui = application && (await findUi(ctx.db, [application.id])).get(application.id)
  return { apiKey: application?.key ?? apiKey, ...(ui ?? completeUi({})) }
}
