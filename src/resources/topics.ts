// Which topic a destination is (runtime contract 4).
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
  /** Of the user, channel or thread whose topic it is. */
  id: number
  /** As the resource calls it, such as `messages`. */
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

/** Whether a destination is a topic's, if there is such a topic. */
export function isTopic(destination: string): boolean {
  return destination.startsWith('/topic/')
}

/** The topic of a destination; undefined where there is none. */
export function readTopic(destination: string): TopicName | undefined {
  const [, before, id, behind] = /^(\/topic\/\w+\/)(\d{1,15})(\.\w+)$/.exec(destination) ?? []
  const topic = byPattern.get(`${before}{id}${behind}`)
  return topic && { ...topic, id: Number(id) }
}

/** The channel in which whoever subscribes to a topic is present (runtime contract 8.4); undefined for other topics. */
export function chatSessionOf(destination: string): number | undefined {
  const topic = readTopic(destination)
  return topic?.of === 'channels' && topic.name === 'self' ? topic.id : undefined
}
