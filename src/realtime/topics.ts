// Who may subscribe to which topic (runtime contract 4 and 8.4).

import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { backendOf } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { mayReceive, type TopicOwner } from '#domain/access/topic.ts'
import { getThread } from '#domain/threads/get-thread.ts'
import { ChatError, notFound } from '#errors.ts'
import type { Hub } from '#realtime/hub.ts'
import type { Session } from '#realtime/sessions/session.ts'
import { chatSessionOf, readTopic, type TopicName } from '#resources/topics.ts'

/** How long a SUBSCRIBE waits for the delivery of older events. */
const patienceMs = 2_000
const deliveryPollMs = 5

export interface Topic {
  owner: TopicOwner
  /** Whether a subscription opens a chat session, which shows the user as active (runtime contract 8.4). */
  opensChatSession: boolean
}

/**
 * Returns the topic of a destination if the session's user may subscribe to it.
 * @throws ChatError 404 if there is no such topic or channel, AccessDeniedError for topics of other users
 */
export async function mustBeAllowedToSubscribe(
  ctx: Context,
  hub: Hub,
  session: Session,
  destination: string,
): Promise<Topic> {
  const { of, id } = mustBeTopic(destination)
  if (of === 'users') {
    const owner = { userId: id }
    if (mayReceive(session.relations, owner)) return { owner, opensChatSession: false }
    throw new ChatError('AccessDeniedError', "Other users' topics are their own")
  }
  const caller = session.caller()
  const channelId = of === 'channels' ? id : (await getThread(ctx, caller, id)).channelId
  const owner = { channelId }
  await mustNotBeLeaving(session, channelId)
  while (!mayReceive(session.relations, owner)) {
    const { relationsVersion } = session
    await mustBeMember(ctx, caller, channelId)
    // The join is not yet delivered in this process, unless a later leave was delivered meanwhile.
    if (session.relationsVersion === relationsVersion) hub.joinEarly(session, channelId)
  }
  return { owner, opensChatSession: chatSessionOf(destination) !== undefined }
}

/** Waits until the user's leave and all events before it are delivered. @throws ChatError 404 after `patienceMs` */
async function mustNotBeLeaving(session: Session, channelId: number): Promise<void> {
  const giveUpAt = performance.now() + patienceMs
  while (session.relations.leaving.has(channelId)) {
    if (performance.now() > giveUpAt) throw notFound('channel', channelId)
    await sleep(deliveryPollMs)
  }
}

/** Returns the owner of a topic that a session had subscribed to, without checking access. @throws ChatError 404 */
export async function ownerOf(ctx: Context, session: Session, destination: string): Promise<TopicOwner> {
  const { of, id } = mustBeTopic(destination)
  if (of === 'users') return { userId: id }
  if (of === 'channels') return { channelId: id }
  const { applicationId } = session.facts
  const { channelId } = await getThread(ctx, backendOf(applicationId), id)
  return { channelId }
}

function mustBeTopic(destination: string): TopicName {
  const topic = readTopic(destination)
  if (!topic) throw new ChatError('ResourceNotFoundError', 'There is no such topic')
  return topic
}
