// Events that wait to be taken until a test says so.

import { Node } from '#data/events/node.ts'
import type { TakenEvents } from '#data/events/outbox.ts'
import { dispatchEvents } from '#domain/events/dispatch-events.ts'
import type { TestServer } from './server.ts'

export interface HeldEvents {
  /** Takes a batch. */
  take(): Promise<TakenEvents | undefined>
  /** Nobody leads afterwards. */
  close(): Promise<void>
}

/** Has another process lead, which takes events only when it is told to. The server, which is the file's own, leads no more. */
export async function holdEvents({ ctx }: TestServer): Promise<HeldEvents> {
  await ctx.node.resign()
  const node = new Node(String(ctx.db.pool.options.connectionString), ctx.log)
  await node.start()
  return {
    take: () => dispatchEvents({ ...ctx, node }),
    close: () => node.close(),
  }
}
