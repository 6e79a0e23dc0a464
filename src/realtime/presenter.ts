// Presents events for delivery, and keeps those that it presented last, which sessions that reconnect ask for again.

import { LRUCache } from 'lru-cache'
import type { Context } from '#context.ts'
import { withoutWords } from '#errors.ts'
import { presentChannelUpdates, presentEvents } from '#realtime/present.ts'
import { type CommittedEvent, type EventType, eventsWith } from '#resources/events.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'

const keptCharactersMax = 32 * 1024 * 1024
const lostMax = 1_000

const changesLastMessage: ReadonlySet<EventType | undefined> = eventsWith('changes last message')

export class Presenter {
  readonly #ctx: Context
  readonly #kept = new LRUCache<number, PublishedEvent>({
    maxSize: keptCharactersMax,
    sizeCalculation: sizeOf,
  })
  /** Positions of events that were set aside. */
  readonly #lost = new LRUCache<number, true>({ max: lostMax })

  constructor(ctx: Context) {
    this.#ctx = ctx
  }

  /** Presents events, with the last messages of the given channels for their members. */
  async present(events: CommittedEvent[], channelIds: number[] = []): Promise<PublishedEvent[]> {
    if (events.length === 0) return []
    const { published, updates } = await presentEvents(this.#ctx, events, channelIds, (event, error) =>
      this.#noteLost(event, error),
    )
    for (const each of published) this.#kept.set(each.position, each)
    return withLastMessages(published, updates)
  }

  /** Counts and logs an event that is set aside: once, although it is presented again where a batch is retried. */
  #noteLost({ position, applicationId, channelId }: CommittedEvent, error: unknown): void {
    if (this.#lost.has(position)) return
    this.#lost.set(position, true)
    this.#ctx.metrics.count('events set aside')
    this.#ctx.log.error(
      { err: withoutWords(error), position, applicationId, channelId },
      'an event was set aside: it cannot be presented',
    )
  }

  /** Returns the last messages of channels, given with their applications, for their members. */
  async presentLastMessages(channels: ReadonlyMap<number, number>): Promise<PublishedEvent[]> {
    const updates = await presentChannelUpdates(this.#ctx, [...channels.keys()])
    return [...updates].map(([channelId, update]) => ({
      applicationId: channels.get(channelId) as number,
      channelId,
      position: 0,
      deliveries: [update],
    }))
  }

  /**
   * Presents events that were published before, and returns them in order.
   * @param outdated positions of events that are returned without deliveries
   * @param isOwn whether to add the channels' last messages for their members
   */
  async presentAgain(
    events: CommittedEvent[],
    { outdated, isOwn = true }: { outdated?: ReadonlySet<number>; isOwn?: boolean } = {},
  ): Promise<PublishedEvent[]> {
    const wanted = events.filter(({ position }) => !outdated?.has(position))
    const presented = new Map<number, PublishedEvent>()
    for (const { position } of wanted) {
      const published = this.#kept.get(position)
      if (published) presented.set(position, published)
    }
    const unknown = wanted.filter(({ position }) => !presented.has(position))
    for (const published of await this.present(unknown)) presented.set(published.position, published)
    const all = events.map((event) => presented.get(event.position) ?? withoutDeliveries(event))
    if (!isOwn) return all
    const updates = await presentChannelUpdates(this.#ctx, [...lastChanges(all).keys()])
    return withLastMessages(all, updates)
  }
}

/** Adds each channel's last message to the last of the events that change it. */
function withLastMessages(
  published: PublishedEvent[],
  updates: ReadonlyMap<number, Delivery>,
): PublishedEvent[] {
  if (updates.size === 0) return published
  const all = [...published]
  for (const [channelId, at] of lastChanges(published)) {
    const each = published[at]
    const update = updates.get(channelId)
    if (each && update) all[at] = { ...each, deliveries: [...each.deliveries, update] }
  }
  return all
}

/** Returns for each channel the index of the last event that changes its last message. */
function lastChanges(published: PublishedEvent[]): Map<number, number> {
  const last = new Map<number, number>()
  for (const [at, { channelId, type }] of published.entries()) {
    if (channelId !== null && changesLastMessage.has(type)) last.set(channelId, at)
  }
  return last
}

/** Returns an event without deliveries, which keeps its position. */
export function withoutDeliveries({
  type,
  applicationId,
  channelId,
  position,
}: CommittedEvent): PublishedEvent {
  return { type, applicationId, channelId, position, deliveries: [] }
}

/** Returns about how many characters an event holds. */
export function sizeOf({ deliveries }: PublishedEvent): number {
  return 200 + deliveries.reduce((sum, { resource }) => sum + resource.length, 0)
}
