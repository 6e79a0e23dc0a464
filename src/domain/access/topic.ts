// What users may hear of.

/** Whose a topic is: a user's own, or a channel's, as those of its threads are. */
export type TopicOwner = { userId: number } | { channelId: number }

/** A user, and the channels that it is a member of at the time of what there is to hear. */
export interface Listener {
  userId: number
  memberships: { has(channelId: number): boolean }
}

/**
 * Whether a user may hear what is published to a topic (runtime contract 4 and 8.4). Decides about every subscription, and about
 * every event again, whether it is delivered as it happens or to somebody who was away then.
 */
export function mayHear({ userId, memberships }: Listener, owner: TopicOwner): boolean {
  return 'userId' in owner ? owner.userId === userId : memberships.has(owner.channelId)
}
