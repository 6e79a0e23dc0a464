// Holds back events until a test takes them.

import { Node } from '#data/events/node.ts'
import type { TakenEvents } from '#data/events/outbox.ts'
import { dispatchEvents } from '#domain/events/dispatch-events.ts'
import type { TestServer } from './server.ts'

export interface HeldEvents {
  /** Takes a batch of events. */
  take(): Promise<TakenEvents | undefined>
  /** Stops the node; afterwards there is no leader. */
  close(): Promise<void>
}

/** Starts another node as leader, which takes events only on request. The server must not be shared: it resigns. */
export async function holdEvents({ ctx }: TestServer): Promise<HeldEvents> {
  await ctx.node.resign()
  const node = new Node(String(ctx.db.pool.options.connectionString), ctx.log)
  await node.start()
  return {
    take: () => dispatchEvents({ ...ctx, node }),
    close: () => node.close(),
  }
}
