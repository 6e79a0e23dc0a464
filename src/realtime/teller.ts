// Tells the sessions of all processes what happened, in one order. The leader presents each committed event once and
// hands it to the others over the bus; whoever finds a gap in the positions reads what it missed from the log.

import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Context } from '#context.ts'
import { currentPosition } from '#domain/events/current-position.ts'
import { missedEvents } from '#domain/events/missed-events.ts'
import { positionOfNow } from '#domain/events/position-of-now.ts'
import type { Hub } from '#realtime/hub.ts'
import { presentChannelUpdates, presentEvents } from '#realtime/present.ts'
import { Typing } from '#realtime/typing.ts'
import { type CommittedEvent, type EventType, eventsWhere, eventsWith } from '#resources/events.ts'
import type { PublishedEvent } from '#resources/published-event.ts'
import type { Signal } from '#resources/signals.ts'

export interface TellerHooks {
  /** After an event was told here; the next waits for it. */
  told(told: PublishedEvent): Promise<void>
  /** Another process wants a session. @returns whether it was here */
  takeOver(key: string): Promise<boolean>
  released(key: string): void
}

/** Of those that this process has missed, so many are read at a time. */
const missedBatchMax = 500

/** A busy channel tells its members of its last message no more often than this. */
const channelUpdateMs = 1_000

/** Presented events are kept for sessions that come back. */
const keptCharactersMax = 32 * 1024 * 1024

/** Batches that may wait for their delivery before the next is taken. */
const waitingMax = 4

const repairMs = 500

/** How long a new listener waits for what is older than it. */
const patienceMs = 1_000
const tellPollMs = 5

const changesLastMessage: ReadonlySet<EventType | undefined> = eventsWith('changes last message')
const endsTyping: ReadonlySet<EventType | undefined> = eventsWith('ends typing')
const isForNobody = eventsWhere(({ audience }) => audience === 'nobody')
const isForMembers = eventsWhere(({ audience }) => audience === 'channel')

export class Teller {
  readonly #ctx: Context
  readonly #hub: Hub
  readonly #hooks: TellerHooks
  readonly #typing = new Typing((told) => void this.#enqueue([told]))
  readonly #presented = new LRUCache<number, PublishedEvent>({
    maxSize: keptCharactersMax,
    sizeCalculation: sizeOf,
  })
  /** When each channel's members were last told of its last message, and what tells them the next time. */
  readonly #channelUpdates = new Map<number, { at: number; timer?: NodeJS.Timeout }>()
  #queue: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #repair: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(ctx: Context, hub: Hub, hooks: TellerHooks) {
    this.#ctx = ctx
    this.#hub = hub
    this.#hooks = hooks
  }

  async start(): Promise<void> {
    this.#hub.position = await currentPosition(this.#ctx)
    this.#ctx.bus.onSignal((signal) => this.#receive(signal))
    this.#ctx.bus.onUnreadable((characters) => this.#unreadable({ characters }))
    this.#ctx.bus.onGap(() => this.repair())
    // What the last leader took it may not have told.
    this.#ctx.node.onLead(() => this.repair())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#repair)
    this.#typing.close()
    for (const { timer } of this.#channelUpdates.values()) clearTimeout(timer)
    await this.#queue
  }

  /** Tells what the leader has taken. Resolves when the next batch may come. */
  async tell(events: CommittedEvent[]): Promise<void> {
    if (events.length === 0) return
    try {
      const due = this.#dueChannels(events)
      const heard = events.filter((event) => this.#isHeard(event))
      const presented = new Map((await this.#present(heard, due)).map((told) => [told.position, told]))
      const told = events.map((event) => presented.get(event.position) ?? unheard(event))
      this.#publish(told)
      const delivered = this.#enqueue(told)
      if (this.#waiting > waitingMax) await delivered
    } catch (error) {
      // They stand in the log: everybody reads them from there.
      this.#ctx.log.error({ err: error }, 'events could not be told, and are tried again')
      this.#repairSoon(repairMs)
    }
  }

  /** Whether somebody is connected who may be told; in other processes, there may always be. */
  #isHeard({ type, channelId }: CommittedEvent): boolean {
    if (isForNobody.has(type)) return false
    if (this.#ctx.bus.isShared || channelId === null || !isForMembers.has(type)) return true
    return this.#hub.hasListeners(channelId)
  }

  /**
   * Resolves when what a channel's events tell that were there before has been told here: who listens from then on
   * hears only what is new. Does not wait long for a leader who is away.
   */
  async toldOf(channelId: number): Promise<void> {
    const giveUpAt = Date.now() + patienceMs
    const position = await positionOfNow(this.#ctx, channelId, patienceMs)
    while (this.#hub.position < position && Date.now() < giveUpAt) await sleep(tellPollMs)
  }

  /** Tells what stands in the log and was not told here. */
  repair(): void {
    this.#repairSoon(0)
  }

  /** Asks the process that holds a session to let it go. */
  takeOver(key: string): void {
    void this.#ctx.bus.publish({ kind: 'session claimed', key })
  }

  /**
   * What events tell that were told before, in their order.
   * @param outdated positions of those that tell nothing any more
   * @param isOwn whether members are told of the last messages of their channels
   */
  async presentAgain(
    events: CommittedEvent[],
    { outdated, isOwn = true }: { outdated?: ReadonlySet<number>; isOwn?: boolean } = {},
  ): Promise<PublishedEvent[]> {
    const wanted = events.filter(({ position }) => !outdated?.has(position))
    const presented = new Map<number, PublishedEvent>()
    for (const { position } of wanted) {
      const told = this.#presented.get(position)
      if (told) presented.set(position, told)
    }
    const unknown = wanted.filter(({ position }) => !presented.has(position))
    for (const told of await this.#present(unknown)) presented.set(told.position, told)
    const changed = new Map<number, PublishedEvent>()
    const all = events.map((event) => {
      const told = presented.get(event.position) ?? unheard(event)
      return { ...told, deliveries: [...told.deliveries] }
    })
    if (!isOwn) return all
    for (const told of all) {
      if (changesLastMessage.has(told.type) && told.channelId !== null) changed.set(told.channelId, told)
    }
    const updates = await presentChannelUpdates(this.#ctx, [...changed.keys()])
    for (const [channelId, update] of updates) changed.get(channelId)?.deliveries.push(update)
    return all
  }

  // ----------------------------------------------------------------------------------------- presenting

  /** With what tells the members of these channels of their last message. */
  async #present(events: CommittedEvent[], channelIds: number[] = []): Promise<PublishedEvent[]> {
    if (events.length === 0) return []
    const { told, updates } = await presentEvents(this.#ctx, events, channelIds)
    for (const each of told) this.#presented.set(each.position, each)
    if (channelIds.length === 0) return told
    const last = new Map<number, number>()
    for (const [at, { channelId, type }] of told.entries()) {
      if (channelId !== null && changesLastMessage.has(type)) last.set(channelId, at)
    }
    return told.map((each, at) => {
      const update = last.get(each.channelId ?? 0) === at ? updates.get(each.channelId ?? 0) : undefined
      return update ? { ...each, deliveries: [...each.deliveries, update] } : each
    })
  }

  /** Channels whose members are to be told of the last message now; the others are told a little later. */
  #dueChannels(events: CommittedEvent[]): number[] {
    const now = Date.now()
    const due: number[] = []
    for (const { type, applicationId, channelId } of events) {
      if (channelId === null || !changesLastMessage.has(type) || due.includes(channelId)) continue
      if (!this.#ctx.bus.isShared && !this.#hub.hasListeners(channelId)) continue
      const last = this.#channelUpdates.get(channelId)
      if (last?.timer) continue
      const waitMs = (last?.at ?? 0) + channelUpdateMs - now
      if (waitMs <= 0) {
        due.push(channelId)
        this.#channelUpdates.set(channelId, { at: now })
      } else {
        const timer = setTimeout(() => void this.#tellOfChannel(applicationId, channelId), waitMs).unref()
        this.#channelUpdates.set(channelId, { at: last?.at ?? now, timer })
      }
    }
    if (this.#channelUpdates.size > 10_000) this.#forgetChannelUpdates(now)
    return due
  }

  async #tellOfChannel(applicationId: number, channelId: number): Promise<void> {
    this.#channelUpdates.set(channelId, { at: Date.now() })
    try {
      const update = (await presentChannelUpdates(this.#ctx, [channelId])).get(channelId)
      if (!update || this.#isClosed || !this.#ctx.node.isLeader) return
      const told: PublishedEvent = {
        applicationId,
        channelId,
        position: 0,
        deliveries: [update],
      }
      this.#publish([told])
      void this.#enqueue([told])
    } catch (error) {
      this.#ctx.log.warn({ err: error, channelId }, 'members were not told of a last message')
    }
  }

  #forgetChannelUpdates(now: number): void {
    for (const [channelId, { at, timer }] of this.#channelUpdates) {
      if (!timer && at + channelUpdateMs < now) this.#channelUpdates.delete(channelId)
    }
  }

  // ------------------------------------------------------------------------------------------ delivering

  /** Runs with nothing being delivered meanwhile. */
  between<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => undefined)
    return done
  }

  #enqueue(told: PublishedEvent[]): Promise<void> {
    this.#waiting += 1
    return this.between(async () => {
      try {
        for (const each of told) await this.#deliver(each)
      } catch (error) {
        this.#ctx.log.error({ err: error }, 'events could not be delivered, and are tried again')
        this.#repairSoon(repairMs)
      } finally {
        this.#waiting -= 1
      }
    })
  }

  async #deliver(told: PublishedEvent): Promise<void> {
    const { position } = told
    if (position > 0 && position <= this.#hub.position) return // told already
    if (position > this.#hub.position + 1) {
      const last = await currentPosition(this.#ctx)
      if (position > last) {
        this.#unreadable({ position })
        return
      }
      await this.#deliverMissed(position - 1)
    }
    await this.#hub.deliver(told)
    if (endsTyping.has(told.type) && told.channelId !== null && told.userId !== undefined) {
      this.#typing.stop(told.channelId, told.userId)
    }
    await this.#hooks.told(told)
  }

  async #deliverMissed(through: number): Promise<void> {
    for (let isMore = true; isMore; ) {
      const events = await missedEvents(this.#ctx, this.#hub.position, through, missedBatchMax)
      for (const told of await this.presentAgain(events)) {
        await this.#hub.deliver(told)
        await this.#hooks.told(told)
      }
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
        this.#ctx.log.error({ err: error }, 'missed events could not be read, and are tried again')
        this.#repairSoon(repairMs)
      })
    }, afterMs).unref()
  }

  // --------------------------------------------------------------------------------- between processes

  #publish(told: PublishedEvent[]): void {
    const { bus, node } = this.#ctx
    if (bus.isShared) void bus.publish({ kind: 'events published', node: node.id, events: told })
  }

  /** What it may have told stands in the log. */
  #unreadable(ids: { position?: number; characters?: number }): void {
    this.#ctx.metrics.count('signals unreadable')
    this.#ctx.log.error(ids, 'what another process told cannot be')
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

/** An event in its place, with nothing to tell. */
function unheard({ type, applicationId, channelId, position }: CommittedEvent): PublishedEvent {
  return { type, applicationId, channelId, position, deliveries: [] }
}

function sizeOf({ deliveries }: PublishedEvent): number {
  return 200 + deliveries.reduce((sum, { resource }) => sum + resource.length, 0)
}
