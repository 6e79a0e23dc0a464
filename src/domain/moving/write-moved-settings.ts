import type { Context } from '#context.ts'
import { endItems, type Move, type PendingItem } from '#data/moving/items.ts'
import { setApplicationProperties } from '#data/moving/settings.ts'
import { backendOf } from '#domain/access/caller.ts'
import { getSettings } from '#domain/applications/get-settings.ts'
import { setUi } from '#domain/applications/set-ui.ts'
import { updateSettings } from '#domain/applications/update-settings.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { MovedSettings } from '#resources/moving.ts'
import type { UiPart } from '#resources/ui.ts'

/** Sets the settings of the application to those of the source. */
export async function writeMovedSettings(
  ctx: Context,
  move: Move,
  { key, content }: PendingItem<MovedSettings>,
): Promise<Problem[]> {
  const caller = backendOf(move.applicationId)
  const { guestUsers, userCreatedChannels } = await getSettings(ctx, caller)
  await updateSettings(ctx, caller, {
    guestUsers: content.guestUsers ?? guestUsers,
    userCreatedChannels: content.userCreatedChannels ?? userCreatedChannels,
  })
  if (content.properties) await setApplicationProperties(ctx.db, move.applicationId, content.properties)
  for (const [part, settings] of Object.entries(content.ui ?? {})) {
    await setUi(ctx, caller, part as UiPart, settings)
  }
  await endItems(ctx.db, move, 'settings', [{ key }])
  return []
}
