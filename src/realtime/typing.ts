// Who is typing where. Every process sees all keystrokes and works out for itself who has started and stopped, so the
// clients of all processes are sent the same, and nobody is sent it twice (runtime contract 8.5).
import { channelHypermedia } from '#resources/channel.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'
import type { SentKeystrokes } from '#resources/signals.ts'
import { KeystrokesShape, threadHypermedia } from '#resources/thread.ts'
import { User } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'

/** Who has typed nothing for so long has stopped. */
const typingMs = 5_000

interface State {
  typed: SentKeystrokes
  timer: NodeJS.Timeout
}

export class Typing {
  readonly #publish: (published: PublishedEvent) => void
  readonly #states = new Map<string, State>()

  constructor(publish: (published: PublishedEvent) => void) {
    this.#publish = publish
  }

  /** The draft so far; an empty one is none. */
  typed(typed: SentKeystrokes): void {
    this.#publish(toPublished(typed, [keystrokes(typed)]))
    const key = keyOf(typed.channelId, typed.threadId, typed.user.id)
    const state = this.#states.get(key)
    if (typed.keys === '') {
      if (state) this.#stop(key, state)
      return
    }
    // Before there is a timer, and with the user of then, so that what ends it cannot fail.
    if (!state) this.#publish(toPublished(typed, change(typed, 'started')))
    clearTimeout(state?.timer)
    const next: State = {
      typed: state?.typed ?? typed,
      timer: setTimeout(() => this.#stop(key, next), typingMs).unref(),
    }
    this.#states.set(key, next)
  }

  /** The user has sent what it typed, or has left. */
  stop(channelId: number, userId: number): void {
    const prefix = `${channelId}/${userId}/`
    for (const [key, state] of this.#states) if (key.startsWith(prefix)) this.#stop(key, state)
  }

  close(): void {
    for (const { timer } of this.#states.values()) clearTimeout(timer)
    this.#states.clear()
  }

  #stop(key: string, { typed, timer }: State): void {
    clearTimeout(timer)
    if (this.#states.delete(key)) this.#publish(toPublished(typed, change(typed, 'stopped')))
  }
}

function keyOf(channelId: number, threadId: number, userId: number): string {
  return `${channelId}/${userId}/${threadId}`
}

function toPublished(
  { applicationId, channelId, user }: SentKeystrokes,
  deliveries: Delivery[],
): PublishedEvent {
  return {
    type: 'channel.event.triggered',
    applicationId,
    channelId,
    position: 0,
    userId: user.id,
    deliveries,
  }
}

function keystrokes(typed: SentKeystrokes): Delivery {
  const { user, keys, threadId } = typed
  return {
    to: { topic: topicOf(typed, 'keystrokes') },
    type: 'thread.keystrokes.created',
    resource: presentResource(KeystrokesShape, { keys, username: user.name, threadId, userId: user.id }),
    from: user.id,
  }
}

function change(typed: SentKeystrokes, change: 'started' | 'stopped'): Delivery[] {
  const { user, channelId } = typed
  const resource = presentResource(User, user)
  return [
    { to: { topic: topicOf(typed, 'typing') }, type: `thread.typing.${change}`, resource, from: user.id },
    {
      to: { membersOf: channelId, topic: 'participants' },
      type: `participant.typing.${change}`,
      resource,
      except: user.id,
      from: user.id,
    },
  ]
}

function topicOf({ channelId, threadId, isMain }: SentKeystrokes, topic: 'keystrokes' | 'typing'): string {
  return isMain
    ? channelHypermedia.topics[topic].at({ id: channelId })
    : threadHypermedia.topics[topic].at({ id: threadId })
}
