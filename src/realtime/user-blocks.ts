import { z } from 'zod'
import { unblockUser } from '#domain/users/unblock-user.ts'
import { type Actions, action } from '#realtime/handlers.ts'
import { events } from '#resources/events.ts'
import { User, type userBlockedRecordHypermedia } from '#resources/user.ts'

export const userBlockedRecordActions: Actions<typeof userBlockedRecordHypermedia> = {
  delete: action(z.unknown(), async ({ ctx, caller, params }) => {
    const entity = await unblockUser(ctx, caller, params.id)
    return { ...events['user.unblocked'].echo, shape: User, entity }
  }),
}
