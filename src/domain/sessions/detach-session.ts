import type { Context } from '#context.ts'
import type { TopicPositions } from '#data/users/connections.ts'

export type { TopicPositions }

/**
 * The connection is lost; the session may be resumed.
 * @param position through which it had acknowledged all
 * @param topics what it listened to, and how far it had acknowledged each
 */
export function detachSession(
  ctx: Context,
  id: number,
  position: number,
  topics: TopicPositions,
): Promise<void> {
  return ctx.departures.detach({ id, node: ctx.node.id, position, topics })
}
