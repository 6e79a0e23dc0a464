import { z } from 'zod'
import { getChannel } from '#domain/channels/get-channel.ts'
import { getThread } from '#domain/threads/get-thread.ts'
import { getThreadMessage } from '#domain/threads/get-thread-message.ts'
import { readThread } from '#domain/threads/read-thread.ts'
import { sendThreadKeystrokes } from '#domain/threads/send-thread-keystrokes.ts'
import { sendThreadMessage } from '#domain/threads/send-thread-message.ts'
import { type Actions, action, type Relays } from '#realtime/handlers.ts'
import { Channel } from '#resources/channel.ts'
import { events } from '#resources/events.ts'
import { Message, WriteMessage } from '#resources/message.ts'
import { SendKeystrokes, ThreadShape, type threadHypermedia } from '#resources/thread.ts'

export const threadRelays: Relays<typeof threadHypermedia> = {
  self: async ({ ctx, caller, params }) => ({
    shape: ThreadShape,
    entity: await getThread(ctx, caller, params.id),
  }),
  channel: async ({ ctx, caller, params }) => {
    const { channelId } = await getThread(ctx, caller, params.id)
    return { shape: Channel, entity: await getChannel(ctx, caller, channelId) }
  },
  message: async ({ ctx, caller, params }) => ({
    shape: Message,
    entity: await getThreadMessage(ctx, caller, params.id),
  }),
}

export const threadActions: Actions<typeof threadHypermedia> = {
  message: action(WriteMessage, async ({ ctx, caller, params }, input) => {
    const entity = await sendThreadMessage(ctx, caller, params.id, input)
    return { ...events['thread.message.created'].echo, shape: Message, entity }
  }),
  keystrokes: action(SendKeystrokes.pick({ keys: true }), async ({ ctx, caller, params }, input) => {
    await sendThreadKeystrokes(ctx, caller, params.id, input)
    return undefined
  }),
  read: action(z.unknown(), async ({ ctx, caller, params }) => {
    await readThread(ctx, caller, params.id)
    return undefined
  }),
}
