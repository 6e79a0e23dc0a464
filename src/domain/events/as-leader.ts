import type { Context } from '#context.ts'
import type { Lead } from '#data/events/node.ts'
import type { TakenEvents } from '#data/events/outbox.ts'

/** Takes events if this process leads; if the database knows another leader, the process becomes a follower. */
export async function asLeader(
  { node }: Context,
  take: (lead: Lead) => Promise<TakenEvents | undefined>,
): Promise<TakenEvents | undefined> {
  const { lead } = node
  const taken = lead && (await take(lead))
  if (lead && !taken) node.follow(lead)
  return taken
}
