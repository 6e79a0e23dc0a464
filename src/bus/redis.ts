// The bus through Redis: one channel, one connection that publishes and one that subscribes.
//
// A process delivers its own signals to itself and ignores their echo, so it works alone while Redis is down. Nothing
// is queued until Redis is back: signals that could not be published are lost to the others, and a notice tells them
// so. A notice also begins each connection, which shows that Redis lets this process publish. On the channel a signal is
// `<origin>:<JSON>`, and a notice is an origin alone.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, ErrorReply } from '@redis/client'
import { v4 as uuid } from 'uuid'
import type { Bus, Logger } from '#bus/bus.ts'
import { callSafely, MemoryBus } from '#bus/memory.ts'
import type { Signal } from '#resources/signals.ts'

/** Maximum time for an answer of Redis before a connection counts as dead. */
const defaultAnswerMs = 5_000
const backOffMaxMs = 2_000

/**
 * Opens the bus at once, whether Redis is up or not; it connects and reconnects by itself.
 * @param url redis: or rediss:
 * @param channel unique to this installation
 */
export function openRedisBus(url: string, channel: string, log: Logger, answerMs = defaultAnswerMs): Bus {
  return new RedisBus(url, channel, log, answerMs)
}

type Client = ReturnType<typeof createClient>
type Role = 'publisher' | 'subscriber'

class RedisBus implements Bus {
  readonly isShared = true
  readonly #url: string
  readonly #channel: string
  readonly #log: Logger
  readonly #answerMs: number
  /** Prefix of everything that this process publishes. */
  readonly #origin = uuid()
  readonly #local: MemoryBus
  readonly #gapListeners: (() => void)[] = []
  readonly #subscriber: Client
  #publisher: Client
  #state: 'open' | 'closed' = 'open'
  #isSubscribed = false
  readonly #refusals: Partial<Record<Role, string | undefined>> = {}
  /** Number of times that the others may have missed signals of this process, and how many of them they know of. */
  #losses = 0
  #lossesKnown = 0
  #isNotifying = false

  constructor(url: string, channel: string, log: Logger, answerMs: number) {
    this.#url = url
    this.#channel = channel
    this.#log = log
    this.#answerMs = answerMs
    this.#local = new MemoryBus(log)
    this.#publisher = this.#connect('publisher')
    this.#subscriber = this.#connect('subscriber')
    this.#subscribe()
  }

  isConnected(): boolean {
    const isReady = this.#isSubscribed && this.#publisher.isReady && this.#subscriber.isReady
    return isReady && this.#losses === this.#lossesKnown
  }

  refusal(): string | undefined {
    return this.#refusals.publisher ?? this.#refusals.subscriber
  }

  async publish(signal: Signal): Promise<void> {
    if (this.#state === 'closed') return
    void this.#local.publish(signal)
    try {
      await this.#send(`${this.#origin}:${JSON.stringify(signal)}`)
    } catch (error) {
      void this.#notify(error)
    }
  }

  onSignal(listener: (signal: Signal) => void): void {
    this.#local.onSignal(listener)
  }

  onUnreadable(listener: (characters: number) => void): void {
    this.#local.onUnreadable(listener)
  }

  onGap(listener: () => void): void {
    this.#gapListeners.push(listener)
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    await this.#local.close()
    this.#subscriber.destroy()
    // Lets signals that were already published be sent, within the time limit.
    if (this.#publisher.isReady) {
      await Promise.race([this.#publisher.close(), sleep(this.#answerMs, undefined, { ref: false })])
    }
    this.#publisher.destroy()
  }

  #connect(role: Role): Client {
    const client: Client = createClient({
      url: this.#url,
      disableOfflineQueue: role === 'publisher',
      maintNotifications: 'disabled',
      pingInterval: this.#answerMs,
      socket: {
        connectTimeout: this.#answerMs,
        socketTimeout: 2 * this.#answerMs,
        reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, backOffMaxMs) + Math.random() * 100,
      },
    })
    let isAway = false
    client.on('error', (error) => {
      this.#refusals[role] = refusalOf(error)
      if (!isAway && this.#state === 'open')
        this.#log.warn({ err: error, role }, 'the connection to Redis was lost')
      isAway = true
    })
    client.on('ready', () => {
      if (isAway) this.#log.info({ role }, 'the connection to Redis is restored')
      isAway = false
      this.#refusals[role] = undefined
      if (role === 'publisher') void this.#notify()
      else if (this.#isSubscribed) this.#reportGap() // the client has already resubscribed
    })
    // Rejects only when the client is destroyed.
    client.connect().catch(() => undefined)
    return client
  }

  async #subscribe(): Promise<void> {
    for (let retries = 0; this.#state === 'open'; retries++) {
      try {
        await this.#subscriber.subscribe(this.#channel, (text) => this.#receive(text))
        this.#isSubscribed = true
        this.#refusals.subscriber = undefined
        this.#reportGap()
        return
      } catch (error) {
        if (this.#state !== 'open') return
        this.#refusals.subscriber = refusalOf(error)
        if (retries === 0) this.#log.warn({ err: error }, 'subscribing to Redis failed and will be retried')
        await sleep(Math.min(50 * 2 ** retries, backOffMaxMs), undefined, { ref: false })
      }
    }
  }

  #receive(text: string): void {
    if (text.startsWith(this.#origin)) return
    if (text.length === this.#origin.length) this.#reportGap()
    else this.#local.receive(text.slice(this.#origin.length + 1))
  }

  /** @throws if Redis is down, refuses, or does not answer in time; then the text may or may not have arrived */
  async #send(text: string): Promise<void> {
    const client = this.#publisher
    const late = setTimeout(() => this.#replace(client), this.#answerMs)
    try {
      await client.publish(this.#channel, text)
    } finally {
      clearTimeout(late)
    }
  }

  /** Replaces a publisher that gets no answer: the kernel detects a dead connection only after 15 min of writes. */
  #replace(publisher: Client): void {
    if (this.#publisher !== publisher || this.#state !== 'open') return
    this.#log.warn('Redis does not answer: reconnecting')
    this.#publisher = this.#connect('publisher')
    publisher.destroy()
  }

  /** Tells the others that they may have missed signals, as soon as they can be reached. @param cause of a loss */
  async #notify(cause?: unknown): Promise<void> {
    this.#losses += 1
    if (this.#isNotifying) return
    this.#isNotifying = true
    if (cause !== undefined) this.#warnOfLoss(cause)
    for (let retries = 0; this.#lossesKnown < this.#losses && this.#state === 'open'; retries++) {
      const losses = this.#losses
      try {
        await this.#send(this.#origin)
        this.#lossesKnown = losses
        this.#refusals.publisher = undefined
      } catch (error) {
        if (retries === 0 && cause === undefined) this.#warnOfLoss(error)
        this.#refusals.publisher = refusalOf(error)
        await sleep(Math.min(50 * 2 ** retries, backOffMaxMs), undefined, { ref: false })
      }
    }
    this.#isNotifying = false
  }

  #warnOfLoss(error: unknown): void {
    this.#log.warn({ err: error }, 'signals could not be sent to the other processes')
  }

  #reportGap(): void {
    // Keeps the order: earlier signals are delivered before the gap is reported.
    setImmediate(() => {
      if (this.#state === 'closed') return
      for (const listener of this.#gapListeners) callSafely(listener, this.#log)
    })
  }
}

/** Answers of a Redis that may serve later. */
const transient = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|ERR max number of clients)/

function refusalOf(error: unknown): string | undefined {
  const { code = '', message } = error as NodeJS.ErrnoException
  const isRefused =
    error instanceof ErrorReply ? !transient.test(message) : /^ERR_(TLS|SSL)_|CERT|UNABLE_TO_/.test(code)
  return isRefused ? message : undefined
}
