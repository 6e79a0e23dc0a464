// A user's device that behaves like the official clients (runtime contract 1.5): it acknowledges each message,
// reconnects with its session's key and the same SUBSCRIBEs, and reloads the history if its session cannot be resumed.
// Unlike them, it records everything that it receives, and reconnects sooner.
import { setTimeout as sleep } from 'node:timers/promises'
import { type IRawFrameType, Parser } from '@stomp/stompjs'
import { WebSocket } from 'ws'
import { channelHypermedia } from '#resources/channel.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import { frame } from '../stomp/stomp-client.ts'
import type { Heard } from './law.ts'

export interface DeviceOptions {
  /** Returns the server's URL, `http://…`, for each connection. */
  url: string
  apiKey: string
  username: string
  channelId: number
  /** Reads the channel's messages, oldest first. Retries until it succeeds. */
  readHistory(): Promise<{ id: number; body: string }[]>
  /** The pause before it reconnects. */
  backMs: number
}

/** The outcome of a send: the message's id, or undefined if the outcome is unknown. */
type Settle = (id: number | undefined) => void

interface Subscription {
  id: string
  destination: string
  receipt: string
}

/** The timeout until a connection has all subscriptions. */
const subscribedMs = 15_000

/** The server sends a heart-beat every 10 s; clients close a connection after 20 s without a byte. */
const silenceMs = 20_000

/** How long after reconnecting a device waits for the answer to an earlier send. */
const answerMs = 3_000

export class Device {
  readonly heard: Heard[] = []
  /** When it first received each message, in ms since the epoch. */
  readonly deliveredAt = new Map<number, number>()
  resumed = 0
  reloaded = 0
  /** ERRORs that ended connections, and refused SUBSCRIBEs, which reconnecting clients do not notice. */
  readonly errors: string[] = []

  readonly #options: DeviceOptions
  #state: 'open' | 'closing' = 'open'
  #ws: WebSocket | undefined
  #session: string | undefined
  #sessions = 0
  #connections = 0
  #userId: number | undefined
  #subscriptions: Subscription[] = []
  #receipts = 0
  #isSubscribed = false
  #isResumed = false
  readonly #confirmations = new Map<string, Heard>()
  readonly #actions = new Map<string, Settle>()
  #running: Promise<void> = Promise.resolve()

  constructor(options: DeviceOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.username
  }

  get url(): string {
    return this.#options.url
  }

  /** Resolves when it is subscribed. */
  async open(): Promise<void> {
    this.#running = this.#run()
    await this.#until(() => this.#isSubscribed, subscribedMs)
    if (!this.#isSubscribed) throw new Error(`${this.name} did not get to listen: ${this.errors.at(-1)}`)
  }

  /** Ends the connection but not the session. */
  async close(): Promise<void> {
    this.#state = 'closing'
    this.#ws?.terminate()
    await this.#running
  }

  /**
   * Sends a message over the socket.
   * @returns its id; undefined if there is no answer, or one that reports a failure of the server
   */
  async send(body: string): Promise<number | undefined> {
    const receipt = this.#receipt()
    await this.#until(() => this.#isSubscribed, subscribedMs)
    return new Promise((resolve) => {
      this.#actions.set(receipt, (id) => {
        this.#actions.delete(receipt)
        resolve(id)
      })
      const text = JSON.stringify({ type: 'TEXT', body })
      this.#send(
        'SEND',
        {
          destination: channelHypermedia.actions.message.at({ id: this.#options.channelId }),
          receipt,
          'content-type': 'application/json;charset=UTF-8',
          'content-length': String(Buffer.byteLength(text)),
        },
        text,
      )
    })
  }

  // -------------------------------------------------------------------------------------- connections

  async #run(): Promise<void> {
    while (this.#state === 'open') {
      await this.#connection()
      this.#isSubscribed = false
      if (this.#state === 'open') await sleep(this.#options.backMs)
    }
    for (const settle of this.#actions.values()) settle(undefined)
  }

  /** Runs one connection until it ends. */
  async #connection(): Promise<void> {
    const { url, apiKey, username } = this.#options
    const ws = new WebSocket(`${url.replace('http', 'ws')}/rtm/websocket?api-key=${apiKey}`, ['v12.stomp'])
    this.#ws = ws
    this.#connections += 1
    this.#confirmations.clear()
    const parser = new Parser(
      (raw) => this.#take(raw),
      () => {},
    )
    ws.on('open', () =>
      this.#send('CONNECT', {
        'accept-version': '1.2',
        'heart-beat': '60000,10000',
        'StompX-User': username,
        'StompX-User-Agent': 'ChatKitty-ChatUI/2.106.2',
        ...(this.#session !== undefined && { 'StompX-Auth-Session-ID': this.#session }),
      }),
    )
    const beganAt = Date.now()
    let heardAt = beganAt
    ws.on('message', (data: Buffer) => {
      heardAt = Date.now()
      parser.parseChunk(data.toString())
    })
    ws.on('error', () => {})
    const look = setInterval(() => {
      const isLate = !this.#isSubscribed && Date.now() > beganAt + subscribedMs
      if (isLate || Date.now() > heardAt + silenceMs) ws.terminate()
    }, 500)
    await new Promise<void>((resolve) => ws.once('close', () => resolve()))
    clearInterval(look)
    const endedAt = Date.now()
    for (const each of this.heard) if (each.connection === this.#connections) each.endedAt = endedAt
  }

  #take({ command, headers: raw, binaryBody }: IRawFrameType): void {
    const headers: Record<string, string> = Object.fromEntries(raw.toReversed())
    const body = Buffer.from(binaryBody ?? []).toString()
    if (command === 'CONNECTED') this.#connected(headers.session ?? '')
    else if (command === 'ERROR') this.#refused(JSON.parse(body))
    else if (command === 'RECEIPT') this.#confirmed(headers['receipt-id'] ?? '')
    else if (command === 'MESSAGE') this.#delivered(headers, JSON.parse(body))
  }

  #connected(session: string): void {
    this.#isResumed = this.#session !== undefined
    if (this.#isResumed) this.resumed += 1
    else this.#sessions += 1
    this.#session = session
    const [errors, ...topics] = this.#subscriptions
    if (errors === undefined) {
      this.#askForUser()
      return
    }
    // In the order of the clients: the topics, the errors, and last the user.
    for (const each of topics) this.#subscribe(each)
    this.#subscribe(errors)
    this.#askForUser()
  }

  /** An AccessDeniedError ends the session; after any other error, clients reconnect. */
  #refused({ error, message }: { error: string; message: string }): void {
    this.errors.push(`${error}: ${message}`)
    if (error !== 'AccessDeniedError') return
    this.#session = undefined
    for (const settle of [...this.#actions.values()]) settle(undefined)
  }

  #askForUser(): void {
    this.#send('SUBSCRIBE', {
      id: `user-${this.#receipt()}`,
      destination: currentUserHypermedia.relays.self.pattern,
    })
  }

  #subscribe({ id, destination, receipt }: Subscription): void {
    const isErrors = destination === '/user/queue/errors'
    this.#send('SUBSCRIBE', { id, destination, ...(!isErrors && { receipt, ack: 'client-individual' }) })
  }

  /** The subscriptions of clients, in their order: their own topics, then those of the channel that they show. */
  #begin(userId: number): void {
    this.#userId = userId
    const { channelId } = this.#options
    const { self, channels, messages, notifications } = currentUserHypermedia.topics
    const ofChannel = channelHypermedia.topics
    const destinations = [
      '/user/queue/errors',
      ...[self, channels, messages, notifications].map((topic) => topic.at({ id: userId })),
      ...[ofChannel.self, ofChannel.messages].map((topic) => topic.at({ id: channelId })),
    ]
    this.#subscriptions = destinations.map((destination, at) => ({
      id: `sub-${at}`,
      destination,
      receipt: `sub-${at}-receipt`,
    }))
    for (const each of this.#subscriptions) this.#subscribe(each)
  }

  // -------------------------------------------------------------------------------------------- frames

  #confirmed(receipt: string): void {
    const heard = this.#confirmations.get(receipt)
    if (heard) heard.confirmedAt = Date.now()
    // Nothing waits for the receipts of repeated subscriptions.
    if (receipt !== this.#subscriptions.at(-1)?.receipt || this.#isResumed) return
    this.#isSubscribed = true
    if (this.#sessions > 1) void this.#reload()
  }

  /** The user is last, so everything else is subscribed. Earlier sends are answered now or never. */
  #isBack(): void {
    this.#isSubscribed = true
    const waiting = [...this.#actions.values()]
    setTimeout(() => {
      for (const settle of waiting) settle(undefined)
    }, answerMs).unref()
  }

  /** Inserts the history before what the new session has received meanwhile. */
  async #reload(): Promise<void> {
    const [session, connection] = [this.#sessions, this.#connections]
    const history = await this.#options.readHistory()
    const begin = this.heard.findIndex((each) => each.session === session)
    const at = begin < 0 ? this.heard.length : begin
    const known = new Set(this.heard.slice(0, at).map(({ id }) => id))
    const missed = history.filter(({ id }) => !known.has(id))
    this.heard.splice(
      at,
      0,
      ...missed.map((each) => ({ ...each, session, connection, by: 'history' as const })),
    )
    this.reloaded += 1
  }

  #delivered(
    headers: Record<string, string>,
    { type, resource }: { type: string; resource: Resource },
  ): void {
    const { subscription = '', ack, 'receipt-id': receipt } = headers
    if (subscription === this.#subscriptions[0]?.id) {
      this.#failed(headers)
      return
    }
    let heard: Heard | undefined
    if (type === 'channel.message.created') {
      const { id, body = '' } = resource
      heard = { id, body, session: this.#sessions, connection: this.#connections, by: 'event' }
      this.heard.push(heard)
      if (!this.deliveredAt.has(id)) this.deliveredAt.set(id, Date.now())
    }
    if (ack !== undefined) this.#acknowledge(ack, heard)
    if (receipt !== undefined) this.#actions.get(receipt)?.(resource.id)
    if (!subscription.startsWith('user-')) return
    if (this.#userId === undefined) this.#begin(resource.id)
    else if (this.#isResumed) this.#isBack()
  }

  /** Requests a RECEIPT, unlike clients, to know what the server has processed. */
  #acknowledge(ack: string, heard: Heard | undefined): void {
    if (!heard) {
      this.#send('ACK', { id: ack })
      return
    }
    const receipt = `ack-${this.#connections}-${ack}`
    this.#confirmations.set(receipt, heard)
    this.#send('ACK', { id: ack, receipt })
  }

  /** A message of the errors queue. */
  #failed(headers: Record<string, string>): void {
    const { 'receipt-id': receipt, 'subscription-id': subscription } = headers
    if (receipt !== undefined) this.#actions.get(receipt)?.(undefined)
    const found = this.#subscriptions.find(({ id }) => id === subscription)
    if (found) this.errors.push(`no subscription to ${found.destination}`)
  }

  #send(command: string, headers: Record<string, string>, body = ''): void {
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.send(frame(command, headers, body))
  }

  #receipt(): string {
    this.#receipts += 1
    return `${this.name}-${this.#receipts}`
  }

  /** Resolves when the condition holds, after the timeout, or when the device stops. */
  async #until(isSo: () => boolean, patienceMs: number): Promise<void> {
    const giveUpAt = Date.now() + patienceMs
    while (!isSo() && this.#state === 'open' && Date.now() < giveUpAt) await sleep(5)
  }
}

interface Resource {
  id: number
  body?: string
}
