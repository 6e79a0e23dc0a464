// Delivers events to the sessions of all processes, in one order. The leader presents each committed event once and
// broadcasts it over the bus; each process delivers it to its own sessions, and reads events it missed from the log.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { currentPosition } from '#domain/events/current-position.ts'
import { missedEvents } from '#domain/events/missed-events.ts'
import { positionOfNow } from '#domain/events/position-of-now.ts'
import { DeliveryQueue } from '#realtime/delivery-queue.ts'
import type { Hub } from '#realtime/hub.ts'
import { type Presenter, sizeOf, withoutDeliveries } from '#realtime/presenter.ts'
import { ChannelUpdates } from '#realtime/publish/channel-updates.ts'
import { Typing } from '#realtime/typing.ts'
import {
  type CommittedEvent,
  type EventsOf,
  type EventType,
  eventsWhere,
  eventsWith,
} from '#resources/events.ts'
import type { PublishedEvent } from '#resources/published-event.ts'
import type { Signal } from '#resources/signals.ts'
import { Turns } from '#stomp/turns.ts'

export interface BroadcasterHooks {
  /** Called after an event is delivered in this process; the next event waits for the promise. */
  delivered(published: PublishedEvent): Promise<void>
  /** Called when another process claims a session. @returns whether this process held it */
  takeOver(key: string): Promise<boolean>
  released(key: string): void
}

/** Maximum number of missed events read from the log at a time. */
const missedBatchMax = 500

/** Number of batches that may wait for delivery before the leader pauses. */
const waitingMax = 4

const repairMs = 500

/** How long a new subscriber waits for the delivery of events older than its subscription. */
const patienceMs = 1_000
const deliveryPollMs = 5

const changesLastMessage: ReadonlySet<EventType | undefined> = eventsWith('changes last message')
const endsTyping: ReadonlySet<EventType | undefined> = eventsWith('ends typing')
const isForNobody = eventsWhere(({ audience }) => audience === 'nobody')
const isForMembers: ReadonlySet<EventType | undefined> = eventsWhere(({ audience }) => audience === 'channel')
const relatesUser: ReadonlySet<EventType | undefined> = eventsWhere(({ relates }) => relates === 'userId')

export class Broadcaster {
  readonly #ctx: Context
  readonly #hub: Hub
  readonly #hooks: BroadcasterHooks
  readonly #typing: Typing
  readonly #presenter: Presenter
  readonly #channelUpdates = new ChannelUpdates((channels) => void this.#updateChannels(channels))
  /** Channels that a user joins by an event not yet delivered in this process, with the position of that event. */
  readonly #relating = new Map<number, number>()
  readonly #queue = new DeliveryQueue()
  readonly #turns = new Turns()
  #repair: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(ctx: Context, hub: Hub, presenter: Presenter, hooks: BroadcasterHooks) {
    this.#ctx = ctx
    this.#hub = hub
    this.#presenter = presenter
    this.#hooks = hooks
    this.#typing = new Typing(ctx.clock, (published) => void this.#enqueue([published]))
  }

  async start(): Promise<void> {
    this.#hub.position = await currentPosition(this.#ctx)
    this.#ctx.bus.onSignal((signal) => this.#receive(signal))
    this.#ctx.bus.onUnreadable((characters) => this.#unreadable({ characters }))
    this.#ctx.bus.onGap(() => this.repair())
    // The previous leader may have taken events without publishing them, or without the last messages due later.
    this.#ctx.node.onLead(() => {
      this.repair()
      this.#channelUpdates.soon(this.#lateChannels())
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#repair)
    this.#typing.close()
    this.#channelUpdates.close()
    await this.#queue.settled()
  }

  /** Publishes a batch of events that the leader has taken. Resolves when the next batch may be published. */
  async publish(events: CommittedEvent[]): Promise<void> {
    if (events.length === 0) return
    try {
      const heard = events.filter((event) => this.#isHeard(event))
      const due = this.#dueChannels(events)
      const presented = new Map(
        (await this.#presenter.present(heard, due)).map((each) => [each.position, each]),
      )
      const published = events.map((event) => presented.get(event.position) ?? withoutDeliveries(event))
      this.#broadcast(published)
      const delivered = this.#enqueue(published, ({ position }) => !presented.has(position))
      if (this.#queue.waiting > waitingMax) await delivered
    } catch (error) {
      // The events are in the log: every process reads them from there.
      this.#ctx.log.error({ err: error }, 'events could not be published, which will be retried')
      this.#repairSoon(repairMs)
    }
  }

  /** Returns whether an event may have a connected audience. With a shared bus, other processes may always have one. */
  #isHeard({ type, channelId, position }: CommittedEvent): boolean {
    if (isForNobody.has(type)) return false
    if (channelId !== null && relatesUser.has(type) && position > this.#hub.position)
      this.#relating.set(channelId, position)
    return channelId === null || !isForMembers.has(type) || this.#mayHaveListeners(channelId)
  }

  /** Returns whether the channel may have subscribers by the time an event published now is delivered. */
  #mayHaveListeners(channelId: number): boolean {
    return this.#ctx.bus.isShared || this.#hub.hasListeners(channelId) || this.#relating.has(channelId)
  }

  /**
   * Resolves when these events so far are delivered in this process, so that subscribers from then on receive only new
   * ones. Gives up after `patienceMs`, in case there is no leader.
   */
  async whenDelivered(of: EventsOf): Promise<void> {
    const giveUpAt = performance.now() + patienceMs
    const position = await positionOfNow(this.#ctx, of, patienceMs)
    while (this.#hub.position < position && performance.now() < giveUpAt) await sleep(deliveryPollMs)
  }

  /** Delivers the events in the log that were not delivered in this process. */
  repair(): void {
    this.#repairSoon(0)
  }

  /** Asks the process that holds a session to release it. */
  takeOver(key: string): void {
    void this.#ctx.bus.publish({ kind: 'session claimed', key })
  }

  // ------------------------------------------------------------------------------------ last messages

  /** Returns the channels whose last message is due for publication now, and schedules the others. */
  #dueChannels(events: CommittedEvent[]): number[] {
    const changed = new Map<number, number>()
    for (const { type, applicationId, channelId } of events) {
      if (channelId === null || changed.has(channelId) || !changesLastMessage.has(type)) continue
      if (this.#mayHaveListeners(channelId)) changed.set(channelId, applicationId)
    }
    return this.#channelUpdates.due(changed)
  }

  #lateChannels(): Iterable<[channelId: number, applicationId: number]> {
    return this.#hub.late.waiting().filter(([channelId]) => this.#mayHaveListeners(channelId))
  }

  async #updateChannels(channels: ReadonlyMap<number, number>): Promise<void> {
    try {
      const published = await this.#presenter.presentLastMessages(channels)
      if (published.length === 0 || this.#isClosed || !this.#ctx.node.isLeader) return
      this.#broadcast(published)
      void this.#enqueue(published)
    } catch (error) {
      this.#ctx.log.warn(
        { err: error, channels: channels.size },
        'the last messages of channels could not be published to their members',
      )
    }
  }

  // ------------------------------------------------------------------------------------------ delivering

  /** Runs `work` while no event is being delivered. */
  between<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.between(work)
  }

  /** @param isUnheard whether an event was not presented, because it had no audience by then */
  #enqueue(published: PublishedEvent[], isUnheard?: (published: PublishedEvent) => boolean): Promise<void> {
    const through = published.at(-1)?.position
    const deliver = (each: PublishedEvent, isAlone: boolean) =>
      this.#deliver(each, isAlone, isUnheard?.(each) ? through : undefined)
    return this.#queue.add(published, deliver, (error) => {
      this.#ctx.log.error({ err: error }, 'events could not be delivered, which will be retried')
      this.#repairSoon(repairMs)
    })
  }

  /** @param through the position of the last event of its batch, if it was not presented */
  async #deliver(published: PublishedEvent, isAlone: boolean, through?: number): Promise<void> {
    const { type, channelId, position } = published
    if (position > 0 && position <= this.#hub.position) return // delivered already
    if (position > this.#hub.position + 1) {
      const last = await currentPosition(this.#ctx)
      if (position > last) {
        this.#unreadable({ position })
        return
      }
      await this.#deliverMissed(position - 1)
    }
    // A member may have connected meanwhile, whose session did not catch up beyond the last delivered event.
    const isHeardNow =
      through !== undefined && isForMembers.has(type) && this.#hub.hasListeners(channelId ?? 0)
    await (isHeardNow ? this.#deliverMissed(through) : this.#deliverNext(published, isAlone))
  }

  async #deliverNext(published: PublishedEvent, isAlone = false): Promise<void> {
    for (const stops of this.#typing.endedBy(published)) await this.#hub.deliver(stops)
    await this.#hub.deliver(published, isAlone)
    await this.#hooks.delivered(published)
    const { type, channelId, position, userId, isOffline } = published
    if (userId !== undefined && isOffline) this.#typing.stop(userId)
    if (userId !== undefined && endsTyping.has(type) && channelId !== null)
      this.#typing.stop(userId, channelId)
    if (channelId !== null && this.#relating.get(channelId) === position) this.#relating.delete(channelId)
    await this.#turns.next(sizeOf(published))
  }

  async #deliverMissed(through: number): Promise<void> {
    for (let isMore = true; isMore; ) {
      const events = await missedEvents(this.#ctx, this.#hub.position, through, missedBatchMax)
      for (const published of await this.#presenter.presentAgain(events)) await this.#deliverNext(published)
      isMore = events.length === missedBatchMax
    }
    this.#hub.position = Math.max(this.#hub.position, through)
  }

  #repairSoon(afterMs: number): void {
    if (this.#isClosed || this.#repair) return
    this.#repair = setTimeout(() => {
      this.#repair = undefined
      void this.between(async () => {
        const through = await currentPosition(this.#ctx)
        if (through > this.#hub.position) await this.#deliverMissed(through)
      }).catch((error) => {
        this.#ctx.log.error({ err: error }, 'missed events could not be read, which will be retried')
        this.#repairSoon(repairMs)
      })
    }, afterMs).unref()
  }

  // --------------------------------------------------------------------------------- between processes

  #broadcast(published: PublishedEvent[]): void {
    const { bus, node } = this.#ctx
    if (bus.isShared) void bus.publish({ kind: 'events published', node: node.id, events: published })
  }

  /** Counts and logs an unreadable signal, and reads from the log the events that it may have contained. */
  #unreadable(ids: { position?: number; characters?: number }): void {
    this.#ctx.metrics.count('signals unreadable')
    this.#ctx.log.error(ids, 'a signal of another process cannot be read')
    this.repair()
  }

  #receive(signal: Signal): void {
    switch (signal.kind) {
      case 'events published':
        if (signal.node !== this.#ctx.node.id) void this.#enqueue(signal.events)
        return
      case 'keystrokes sent':
        this.#typing.typed(signal.keystrokes)
        return
      case 'session claimed':
        void this.#hooks.takeOver(signal.key).then((wasHere) => {
          if (wasHere) void this.#ctx.bus.publish({ kind: 'session released', key: signal.key })
        })
        return
      case 'session released':
        this.#hooks.released(signal.key)
        return
      default:
    }
  }
}
