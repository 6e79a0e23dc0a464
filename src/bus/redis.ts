// The bus through Redis: one channel, one connection that publishes and one that subscribes.
//
// A process delivers its own signals to itself and ignores their echo, so it works alone while Redis is down. Nothing
// is queued until Redis is back: signals that could not be published are lost to the others, and a notice tells them
// so. On the channel a signal is `<origin>:<JSON>`, and a notice is an origin alone.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
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
  /** Whether a signal was lost that no notice has reported yet. */
  #owesNotice = false
  #isNotifying = false

  constructor(url: string, channel: string, log: Logger, answerMs: number) {
    this.#url = url
    this.#channel = channel
    this.#log = log
    this.#answerMs = answerMs
    this.#local = new MemoryBus(log)
    this.#publisher = this.#connect('publisher')
    this.#subscriber = this.#connect('subscriber')
    // The client resubscribes before it emits `ready` again.
    this.#subscriber.on('ready', () => {
      if (this.#isSubscribed) this.#reportGap()
    })
    this.#subscribe()
  }

  isConnected(): boolean {
    return this.#isSubscribed && this.#publisher.isReady && this.#subscriber.isReady
  }

  async publish(signal: Signal): Promise<void> {
    if (this.#state === 'closed') return
    void this.#local.publish(signal)
    try {
      await this.#send(`${this.#origin}:${JSON.stringify(signal)}`)
    } catch (error) {
      this.#owesNotice = true
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

  #connect(role: 'publisher' | 'subscriber'): Client {
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
      if (!isAway && this.#state === 'open')
        this.#log.warn({ err: error, role }, 'the connection to Redis was lost')
      isAway = true
    })
    client.on('ready', () => {
      if (isAway) this.#log.info({ role }, 'the connection to Redis is restored')
      isAway = false
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
        this.#reportGap()
        return
      } catch (error) {
        if (this.#state !== 'open') return
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

  /** Tells the others that they have missed signals, as soon as they can be reached. */
  async #notify(cause: unknown): Promise<void> {
    if (this.#isNotifying || this.#state !== 'open') return
    this.#isNotifying = true
    this.#log.warn({ err: cause }, 'signals could not be sent to the other processes')
    for (let retries = 0; this.#owesNotice && this.#state === 'open'; retries++) {
      await sleep(Math.min(50 * 2 ** retries, backOffMaxMs), undefined, { ref: false })
      this.#owesNotice = false
      await this.#send(this.#origin).catch(() => {
        this.#owesNotice = true
      })
    }
    this.#isNotifying = false
  }

  #reportGap(): void {
    // Keeps the order: earlier signals are delivered before the gap is reported.
    setImmediate(() => {
      if (this.#state === 'closed') return
      for (const listener of this.#gapListeners) callSafely(listener, this.#log)
    })
  }
}
