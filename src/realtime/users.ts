import { z } from 'zod'
import { blockUser } from '#domain/users/block-user.ts'
import { deleteUser } from '#domain/users/delete-user.ts'
import { getUser } from '#domain/users/get-user.ts'
import { isChannelMember } from '#domain/users/is-channel-member.ts'
import { requiredId } from '#realtime/filters.ts'
import { type Actions, action, type Relays } from '#realtime/handlers.ts'
import { events } from '#resources/events.ts'
import { Exists } from '#resources/read-receipt.ts'
import { User, type userHypermedia } from '#resources/user.ts'

export const userRelays: Relays<typeof userHypermedia> = {
  self: async ({ ctx, caller, params }) => ({ shape: User, entity: await getUser(ctx, caller, params.id) }),
  channelMember: async ({ ctx, caller, params, filters }) => {
    const wanted = { userId: params.id, channelId: requiredId(filters, 'channelId') }
    return { shape: Exists, entity: { exists: await isChannelMember(ctx, caller, wanted) } }
  },
}

export const userActions: Actions<typeof userHypermedia> = {
  block: action(z.unknown(), async ({ ctx, caller, params }) => {
    const entity = await blockUser(ctx, caller, params.id)
    return { ...events['user.blocked'].echo, shape: User, entity }
  }),
  delete: action(z.unknown(), async ({ ctx, caller, params }) => {
    const entity = await deleteUser(ctx, caller, params.id)
    return { ...events['user.deleted'].echo, shape: User, entity }
  }),
}
