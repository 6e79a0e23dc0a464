import type { Context } from '#context.ts'
import { findOnlyApplication, findUi } from '#data/applications/applications.ts'
import { findApplicationByKey } from '#data/applications/connect-rules.ts'
import { completeUi, type Ui } from '#resources/ui.ts'

/** The API key that a widget's chat connects with, and its texts and looks. */
export type WidgetUi = Ui & { apiKey: string }

/**
 * Returns the configuration of a widget's chat (decision 11). A widget's id is the public API key of an application, or
 * one that the settings map to a key. Any other, such as an id of the hosted service, means the only application if
 * there is just one, and otherwise yields the defaults.
 */
export async function getWidgetUi(ctx: Context, widgetId: string): Promise<WidgetUi> {
  const apiKey = ctx.config.chatWidgets.get(widgetId) ?? widgetId
  const known = await findApplicationByKey(ctx.db, apiKey)
  const application = known ? { id: known.id, key: apiKey } : await findOnlyApplication(ctx.db)
  const ui = application && (await findUi(ctx.db, [application.id])).get(application.id)
  return { apiKey: application?.key ?? apiKey, ...(ui ?? completeUi({})) }
}
