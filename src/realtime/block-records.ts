import { z } from 'zod'
import { deleteChannelBlockRecord } from '#domain/channels/channel-blocks.ts'
import { type Actions, action } from '#realtime/handlers.ts'
import { ChannelBlockRecord, type channelBlockRecordHypermedia } from '#resources/channel.ts'

export const channelBlockRecordActions: Actions<typeof channelBlockRecordHypermedia> = {
  delete: action(z.unknown(), async ({ ctx, caller, params }) => {
    const entity = await deleteChannelBlockRecord(ctx, caller, params.channelId, params.id)
    const type = 'user.channel.block_record_deleted'
    return { topic: 'channels', type, shape: ChannelBlockRecord, entity }
  }),
}
