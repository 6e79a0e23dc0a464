import { z } from 'zod'
import { deleteChannelBlockRecord } from '#domain/channels/delete-channel-block-record.ts'
import { type Actions, action } from '#realtime/handlers.ts'
import { ChannelBlockRecord, type channelBlockRecordHypermedia } from '#resources/channel.ts'

import { events } from '#resources/events.ts'
export const channelBlockRecordActions: Actions<typeof channelBlockRecordHypermedia> = {
  delete: action(z.unknown(), async ({ ctx, caller, params }) => {
    const entity = await deleteChannelBlockRecord(ctx, caller, params.channelId, params.id)
    return { ...events['channel.block_record.deleted'].echo, shape: ChannelBlockRecord, entity }
  }),
}
