import type { Context } from '#context.ts'
import type { TopicPositions } from '#data/users/connections.ts'

export type { TopicPositions }

/**
 * Marks a session's connection as lost; the session may be resumed.
 * @param position the position up to which the session has acknowledged all events
 * @param topics the topics that it subscribed to, and the acknowledged position of each
 */
export function detachSession(
  ctx: Context,
  id: number,
  position: number,
  topics: TopicPositions,
): Promise<void> {
  return ctx.departures.detach({ id, node: ctx.node.id, position, topics })
}
