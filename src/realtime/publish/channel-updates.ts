/** Minimum time between two publications of a channel's last message to its members. */
const periodMs = 1_000
/** Channels that become due within this time are published together. */
const gatherMs = 50
/** Maximum number of channels that are published together. */
const togetherMax = 500
/** Number of channels from which on those that were published long ago are forgotten. */
const rememberedMax = 10_000

interface WaitingChannel {
  applicationId: number
  /** When it is due, by `performance.now()`. */
  at: number
}

/** Decides when the last messages of channels are published to their members. */
export class ChannelUpdates {
  readonly #publish: (channels: ReadonlyMap<number, number>) => void
  readonly #publishedAt = new Map<number, number>()
  readonly #waiting = new Map<number, WaitingChannel>()
  #timer: NodeJS.Timeout | undefined

  /** @param publish is called later with the channels that were not due, and their applications */
  constructor(publish: (channels: ReadonlyMap<number, number>) => void) {
    this.#publish = publish
  }

  /** Returns those of the channels, given with their applications, that are due now; the others are published later. */
  due(channels: ReadonlyMap<number, number>): number[] {
    const now = performance.now()
    const due: number[] = []
    for (const [channelId, applicationId] of channels) {
      if (this.#waiting.has(channelId)) continue
      const at = (this.#publishedAt.get(channelId) ?? -periodMs) + periodMs
      if (at <= now) due.push(channelId)
      else this.#waiting.set(channelId, { applicationId, at })
    }
    this.#published(due, now)
    if (this.#waiting.size > 0) this.#wait()
    return due
  }

  /** Publishes the channels, given with their applications, within moments. */
  soon(channels: Iterable<[channelId: number, applicationId: number]>): void {
    for (const [channelId, applicationId] of channels) {
      if (!this.#waiting.has(channelId)) this.#waiting.set(channelId, { applicationId, at: 0 })
    }
    if (this.#waiting.size > 0) this.#wait()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#waiting.clear()
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#publishDue()
    }, gatherMs).unref()
  }

  #publishDue(): void {
    const now = performance.now()
    const due = new Map<number, number>()
    for (const [channelId, { applicationId, at }] of this.#waiting) {
      if (at > now || due.size === togetherMax) continue
      due.set(channelId, applicationId)
      this.#waiting.delete(channelId)
    }
    this.#published(due.keys(), now)
    if (this.#waiting.size > 0) this.#wait()
    if (due.size > 0) this.#publish(due)
  }

  #published(channelIds: Iterable<number>, now: number): void {
    for (const channelId of channelIds) this.#publishedAt.set(channelId, now)
    if (this.#publishedAt.size <= rememberedMax) return
    for (const [channelId, at] of this.#publishedAt) {
      if (at + periodMs < now) this.#publishedAt.delete(channelId)
    }
  }
}
