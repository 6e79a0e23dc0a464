import type { Context } from '#context.ts'
import { findUi } from '#data/applications/applications.ts'
import { findApplicationByKey } from '#data/applications/entrances.ts'
import { completeUi, type Ui } from '#resources/ui.ts'

/**
 * What the chat of a widget shows and looks like. A widget is an application, and its id the API key, which is public;
 * one that we do not know, such as a hosted one, is as nobody has set anything (decision 11).
 */
export async function getWidgetUi(ctx: Context, widgetId: string): Promise<Ui> {
  const application = await findApplicationByKey(ctx.db, widgetId)
  const ui = application && (await findUi(ctx.db, [application.id])).get(application.id)
  return ui ?? completeUi({})
}
