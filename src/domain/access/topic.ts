// Which topics users may receive events from.

/** The owner of a topic: a user, or a channel, which also owns the topics of its threads. */
export type TopicOwner = { userId: number } | { channelId: number }

/** A user, and the channels they are a member of at the time of the event or subscription. */
export interface Listener {
  userId: number
  memberships: { has(channelId: number): boolean }
}

/**
 * Returns whether a user may receive what is published to a topic (runtime contract 4 and 8.4). Checked at every
 * subscription, and again for every event, both when it is delivered live and when it is replayed after a reconnect.
 */
export function mayReceive({ userId, memberships }: Listener, owner: TopicOwner): boolean {
  return 'userId' in owner ? owner.userId === userId : memberships.has(owner.channelId)
}
