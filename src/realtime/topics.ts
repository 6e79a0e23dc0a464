// Who may subscribe to which topic (runtime contract 4 and 8.4).
import type { Context } from '#context.ts'
import { mustBeMember } from '#domain/access.ts'
import { getThread } from '#domain/threads/get-thread.ts'
import { ChatError } from '#errors.ts'
import type { Hub } from '#realtime/hub.ts'
import type { Session } from '#realtime/session.ts'
import { channelHypermedia } from '#resources/channel.ts'
import { threadHypermedia } from '#resources/thread.ts'
import { currentUserHypermedia } from '#resources/user.ts'

export interface Topic {
  /** The channel that it is about, if any. */
  channelId?: number
  /** Whether to subscribe to it is to be there (runtime contract 8.4). */
  opensChatSession?: true
}

const namesOf = (topics: object) => new Set(Object.values(topics).map(({ pattern }) => pattern))
const known = {
  users: namesOf(currentUserHypermedia.topics),
  channels: namesOf(channelHypermedia.topics),
  threads: namesOf(threadHypermedia.topics),
}

export function isTopic(destination: string): boolean {
  return destination.startsWith('/topic/')
}

/**
 * What a session would listen to.
 * @throws ChatError 404 for a topic that is none, AccessDeniedError for those of others
 */
export async function mustMayListen(
  ctx: Context,
  hub: Hub,
  session: Session,
  destination: string,
): Promise<Topic> {
  const [, kind, digits = '', name] =
    /^\/topic\/(users|channels|threads)\/(\d{1,15})\.(\w+)$/.exec(destination) ?? []
  const id = Number(digits)
  if (kind === undefined || !known[kind as keyof typeof known].has(`/topic/${kind}/{id}.${name}`)) {
    throw new ChatError('ResourceNotFoundError', 'There is no such topic')
  }
  if (kind === 'users') {
    if (id === session.facts.userId) return {}
    throw new ChatError('AccessDeniedError', "Other users' topics are their own")
  }
  const caller = session.caller()
  const channelId = kind === 'channels' ? id : (await getThread(ctx, caller, id)).channelId
  if (!session.memberships.has(channelId)) {
    await mustBeMember(ctx, caller, channelId)
    hub.join(session, channelId, 0) // its joining has yet to be told here
  }
  return { channelId, ...(kind === 'channels' && name === 'self' && { opensChatSession: true }) }
}
