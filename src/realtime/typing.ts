// Determines who is typing where. Every process receives all keystrokes and determines by itself who has started and
// stopped, so the clients of all processes are notified alike, and nobody twice (runtime contract 8.5).
import type { Alarm, Clock } from '#clock/clock.ts'
import { channelHypermedia } from '#resources/channel.ts'
import { type EventType, eventsWith } from '#resources/events.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'
import type { SentKeystrokes } from '#resources/signals.ts'
import { KeystrokesShape, threadHypermedia } from '#resources/thread.ts'
import { User } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'

/** Time without keystrokes after which a user has stopped typing. */
const typingMs = 5_000

/** Events after which a user, or everybody if none is named, is no longer in the channel. */
const endsMembership: ReadonlySet<EventType | undefined> = eventsWith('ends membership')

interface State {
  typed: SentKeystrokes
  pause: Alarm
}

export class Typing {
  readonly #clock: Clock
  readonly #publish: (published: PublishedEvent) => void
  /** By user, then by thread. */
  readonly #states = new Map<number, Map<number, State>>()

  constructor(clock: Clock, publish: (published: PublishedEvent) => void) {
    this.#clock = clock
    this.#publish = publish
  }

  /** Publishes keystrokes, and whether the user has thereby started typing or, by an empty draft, stopped. */
  typed(typed: SentKeystrokes): void {
    this.#publish(toPublished(typed, [keystrokes(typed)]))
    const { threadId, user, keys } = typed
    const threads = this.#states.get(user.id) ?? new Map<number, State>()
    const state = threads.get(threadId)
    if (keys === '') {
      if (state) this.#stop(state)
      return
    }
    // Presented before an alarm is set, which uses the same user, so that publishing the stop cannot fail.
    if (!state) this.#publish(toPublished(typed, change(typed, 'started', threads)))
    state?.pause.cancel()
    const next: State = {
      typed: state?.typed ?? typed,
      pause: this.#clock.after(typingMs, () => this.#stop(next)),
    }
    this.#states.set(user.id, threads.set(threadId, next))
  }

  /**
   * Publishes that a user has stopped typing: in a channel, because they sent a message or left, or everywhere, because
   * they are offline.
   */
  stop(userId: number, channelId?: number): void {
    for (const state of [...(this.#states.get(userId)?.values() ?? [])]) {
      if (channelId === undefined || state.typed.channelId === channelId) this.#stop(state)
    }
  }

  /**
   * Returns what to deliver before an event after which its user, or everybody if a channel is deleted, is told no more
   * of others who are typing, and would show them as typing for ever.
   */
  endedBy({ type, channelId, userId, cause }: PublishedEvent): PublishedEvent[] {
    if (type === 'user.blocked' && userId !== undefined && cause) {
      return this.#stopsOf(userId, { only: cause.by })
    }
    if (!endsMembership.has(type) || channelId === null) return []
    const only = userId === undefined ? {} : { only: userId }
    return [...this.#states.keys()].flatMap((typist) => this.#stopsOf(typist, only, channelId))
  }

  #stopsOf(typist: number, only: Pick<Delivery, 'only'>, channelId?: number): PublishedEvent[] {
    const others = new Map(this.#states.get(typist))
    return [...others.values()].flatMap(({ typed }) => {
      if (channelId !== undefined && typed.channelId !== channelId) return []
      others.delete(typed.threadId)
      const deliveries = change(typed, 'stopped', others)
      return [
        toPublished(
          typed,
          deliveries.map((delivery) => ({ ...delivery, ...only })),
        ),
      ]
    })
  }

  close(): void {
    for (const threads of this.#states.values()) for (const { pause } of threads.values()) pause.cancel()
    this.#states.clear()
  }

  #stop({ typed, pause }: State): void {
    pause.cancel()
    const { user, threadId } = typed
    const threads = this.#states.get(user.id)
    if (!threads?.delete(threadId)) return
    if (threads.size === 0) this.#states.delete(user.id)
    this.#publish(toPublished(typed, change(typed, 'stopped', threads)))
  }
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

/**
 * Members are told only of the first thread of a channel in which a user starts, and of the last in which they stop:
 * what they receive does not name the thread.
 * @param others the threads in which the user is typing besides, also of other channels
 */
function change(
  typed: SentKeystrokes,
  change: 'started' | 'stopped',
  others: ReadonlyMap<number, State>,
): Delivery[] {
  const { user, channelId } = typed
  const resource = presentResource(User, user)
  const inThread: Delivery = {
    to: { topic: topicOf(typed, 'typing') },
    type: `thread.typing.${change}`,
    resource,
    from: user.id,
  }
  if ([...others.values()].some((other) => other.typed.channelId === channelId)) return [inThread]
  return [
    inThread,
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
