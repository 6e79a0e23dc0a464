// Determines who is typing where. Every process receives all keystrokes and determines by itself who has started and
// stopped, so the clients of all processes are notified alike, and nobody twice (runtime contract 8.5).
import type { Alarm, Clock } from '#clock/clock.ts'
import { channelHypermedia } from '#resources/channel.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'
import type { SentKeystrokes } from '#resources/signals.ts'
import { KeystrokesShape, threadHypermedia } from '#resources/thread.ts'
import { User } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'

/** Time without keystrokes after which a user has stopped typing. */
const typingMs = 5_000

interface State {
  typed: SentKeystrokes
  pause: Alarm
}

export class Typing {
  readonly #clock: Clock
  readonly #publish: (published: PublishedEvent) => void
  readonly #states = new Map<string, State>()

  constructor(clock: Clock, publish: (published: PublishedEvent) => void) {
    this.#clock = clock
    this.#publish = publish
  }

  /** Publishes keystrokes, and whether the user has thereby started typing or, by an empty draft, stopped. */
  typed(typed: SentKeystrokes): void {
    this.#publish(toPublished(typed, [keystrokes(typed)]))
    const key = keyOf(typed.channelId, typed.threadId, typed.user.id)
    const state = this.#states.get(key)
    if (typed.keys === '') {
      if (state) this.#stop(key, state)
      return
    }
    // Presented before an alarm is set, which uses the same user, so that publishing the stop cannot fail.
    if (!state) this.#publish(toPublished(typed, change(typed, 'started')))
    state?.pause.cancel()
    const next: State = {
      typed: state?.typed ?? typed,
      pause: this.#clock.after(typingMs, () => this.#stop(key, next)),
    }
    this.#states.set(key, next)
  }

  /** Publishes that a user has stopped typing in a channel, because they sent a message or left. */
  stop(channelId: number, userId: number): void {
    const prefix = `${channelId}/${userId}/`
    for (const [key, state] of this.#states) if (key.startsWith(prefix)) this.#stop(key, state)
  }

  close(): void {
    for (const { pause } of this.#states.values()) pause.cancel()
    this.#states.clear()
  }

  #stop(key: string, { typed, pause }: State): void {
    pause.cancel()
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
