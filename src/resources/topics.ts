// Parses destinations of topics (runtime contract 4).
import type { Address } from '#resources/address.ts'
import { channelHypermedia } from '#resources/channel.ts'
import { threadHypermedia } from '#resources/thread.ts'
import { currentUserHypermedia } from '#resources/user.ts'

const owned = {
  users: currentUserHypermedia.topics,
  channels: channelHypermedia.topics,
  threads: threadHypermedia.topics,
}

export interface TopicName {
  of: keyof typeof owned
  /** The user, channel or thread that owns the topic. */
  id: number
  /** The topic's name in the resource, such as `messages`. */
  name: string
}

const byPattern = new Map(
  Object.entries(owned).flatMap(([of, topics]) =>
    Object.entries<Address>(topics).map(([name, { pattern }]) => [
      pattern,
      { of: of as keyof typeof owned, name },
    ]),
  ),
)

/** Returns whether a destination has the form of a topic; the topic may not exist. */
export function isTopic(destination: string): boolean {
  return destination.startsWith('/topic/')
}

/** Returns the topic of a destination; undefined if there is none, as for an id with a leading zero. */
export function readTopic(destination: string): TopicName | undefined {
  const [, before, id, behind] = /^(\/topic\/\w+\/)([1-9]\d{0,14})(\.\w+)$/.exec(destination) ?? []
  const topic = byPattern.get(`${before}{id}${behind}`)
  return topic && { ...topic, id: Number(id) }
}

/** Returns the channel whose topic makes subscribers present (runtime contract 8.4); undefined for other topics. */
export function chatSessionOf(destination: string): number | undefined {
  const topic = readTopic(destination)
  return topic?.of === 'channels' && topic.name === 'self' ? topic.id : undefined
}
