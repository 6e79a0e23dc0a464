// A minimal client of the real-time API: sends the same frames as official clients, in the same order, and parses only
// the necessary parts of what it receives.
import { currentUserHypermedia } from '#resources/user.ts'
import { WebSocketClient } from './websocket.ts'

export interface Account {
  username: string
  userId: number
}

/** Formats a frame; header values must not need escaping. */
function frame(command: string, headers: Record<string, string>, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`)
  return `${[command, ...lines].join('\n')}\n\n${body}\0`
}

const nul = 0
const patienceMs = 60_000
/** The user, the errors and the grants, which clients request before they subscribe to topics. */
const idsBeforeTopics = 4

/** Counts frames by their ends, without parsing them. */
export function countFrames(
  socket: WebSocketClient,
  counted: () => void,
  lost: (error: Error) => void,
): void {
  socket.lost = lost
  socket.take = (part) => {
    for (let at = part.indexOf(nul); at >= 0; at = part.indexOf(nul, at + 1)) counted()
  }
}

export class StompClient {
  readonly #socket: WebSocketClient
  readonly #account: Account
  /** Parts of an incomplete frame. */
  #parts: Buffer[] = []
  #took: (frame: string) => void = () => {}
  #failed: (error: Error) => void = () => {}
  #receipts = 0
  #ids = 0
  /** The id with which the session is resumed. */
  #session = ''

  /** Only connects. */
  static connect(port: number, apiKey: string, account: Account): Promise<StompClient> {
    return StompClient.#connect(port, apiKey, account)
  }

  static async #connect(
    port: number,
    apiKey: string,
    account: Account,
    resume: Record<string, string> = {},
  ): Promise<StompClient> {
    const socket = await WebSocketClient.open(port, `/rtm/websocket?api-key=${apiKey}`)
    const client = new StompClient(socket, account)
    await client.#wait((resolve) => {
      client.#took = (text) => {
        client.#session = /^session:(.+)$/m.exec(text)?.[1] ?? ''
        resolve()
      }
      const headers = {
        'accept-version': '1.2',
        'heart-beat': '0,10000', // otherwise idle clients would have to send heart-beats
        'StompX-User': account.username,
        'StompX-User-Agent': 'ChatKitty-ChatUI/2.106.2',
      }
      socket.send(frame('CONNECT', { ...headers, ...resume }))
    })
    return client
  }

  /**
   * Reconnects as official clients that {@link start started} do after a lost connection: with the session, all topics
   * with their previous ids, and the user last. Resolves when all of that is answered.
   */
  static async comeBack(port: number, apiKey: string, before: StompClient): Promise<StompClient> {
    const account = before.#account
    const client = await StompClient.#connect(port, apiKey, account, {
      'StompX-Auth-Session-ID': before.#session,
    })
    if (client.#session !== before.#session) throw new Error(`${account.username} got another session`)
    const { relays, topics } = currentUserHypermedia
    const all = Object.values(topics).map((topic) => topic.at({ id: account.userId }))
    client.#ids = idsBeforeTopics
    const frames = all.map((topic) =>
      client.#subscribe(topic, { receipt: client.#receipt(), ack: 'client-individual' }),
    )
    let missing = frames.length + 1
    await client.#wait((resolve) => {
      client.#took = (text) => {
        const isUser = text.includes(`\ndestination:${relays.self.pattern}\n`)
        if (!isUser && !text.startsWith('RECEIPT')) return // a missed event
        missing -= 1
        if (missing === 0) resolve()
      }
      const user = client.#subscribe(relays.self.pattern)
      for (const each of [client.#subscribe('/user/queue/errors'), ...frames, user]) client.#socket.send(each)
    })
    return client
  }

  /** Connects, and requests the user. */
  static async enter(port: number, apiKey: string, account: Account): Promise<StompClient> {
    const client = await StompClient.connect(port, apiKey, account)
    await client.#ask([client.#subscribe(currentUserHypermedia.relays.self.pattern)], 1)
    return client
  }

  /** Connects as official clients do: the user, the errors, two grants, and all topics of the user, acknowledged. */
  static async start(port: number, apiKey: string, account: Account): Promise<StompClient> {
    const client = await StompClient.connect(port, apiKey, account)
    const { relays, topics } = currentUserHypermedia
    await client.#ask(
      [client.#subscribe(relays.self.pattern), client.#subscribe('/user/queue/errors')],
      1, // the queue has no answer
    )
    await client.#ask([client.#subscribe(relays.writeFileAccessGrant.pattern)], 1)
    await client.#ask([client.#subscribe(relays.readFileAccessGrant.pattern)], 1)
    const all = Object.values(topics).map((topic) => topic.at({ id: account.userId }))
    await client.#ask(
      all.map((topic) => client.#subscribe(topic, { receipt: client.#receipt(), ack: 'client-individual' })),
      all.length,
    )
    return client
  }

  private constructor(socket: WebSocketClient, account: Account) {
    this.#socket = socket
    this.#account = account
    socket.take = (part) => this.#gather(part)
    socket.lost = (error) => this.#failed(error)
  }

  /** Subscribes without acknowledging messages. */
  async subscribe(...destinations: string[]): Promise<void> {
    const frames = destinations.map((each) => this.#subscribe(each, { receipt: this.#receipt() }))
    await this.#ask(frames, destinations.length)
  }

  /** Sends a message, and resolves when its event arrives; acknowledges everything, as official clients do. */
  send(destination: string, body: string): Promise<void> {
    const receipt = this.#receipt()
    return this.#wait((resolve) => {
      this.#took = (text) => {
        if (text.startsWith('RECEIPT')) return
        const head = text.slice(0, text.indexOf('\n\n') + 1)
        const ack = /^ack:(.+)$/m.exec(head)?.[1]
        if (ack !== undefined) this.#socket.send(frame('ACK', { id: ack }))
        if (head.includes(`\nreceipt-id:${receipt}\n`)) resolve()
      }
      const headers = { destination, 'content-type': 'application/json;charset=UTF-8', receipt }
      this.#socket.send(frame('SEND', { ...headers, 'content-length': `${Buffer.byteLength(body)}` }, body))
    })
  }

  /** Ends the session. Resolves when the server confirms that. Ends the effect of {@link count}. */
  async disconnect(): Promise<void> {
    this.#socket.lost = () => {}
    this.#socket.take = (part) => this.#gather(part)
    const receipt = this.#receipt()
    await this.#wait((resolve) => {
      this.#took = (text) => {
        if (text.startsWith('RECEIPT') && text.includes(`\nreceipt-id:${receipt}\n`)) resolve()
      }
      this.#socket.send(frame('DISCONNECT', { receipt }))
    })
  }

  /** From now on, frames are counted and not parsed. */
  count(counted: () => void, lost: (error: Error) => void): void {
    countFrames(this.#socket, counted, lost)
  }

  /** Returns the next frame, byte for byte. Ends the effect of {@link count}. */
  next(): Promise<string> {
    this.#socket.take = (part) => this.#gather(part)
    return new Promise((resolve, reject) => {
      this.#took = (text) => resolve(`${text}\0`)
      this.#failed = reject
    })
  }

  #receipt(): string {
    this.#receipts += 1
    return `r${this.#receipts}`
  }

  #subscribe(destination: string, headers: Record<string, string> = {}): string {
    this.#ids += 1
    return frame('SUBSCRIBE', { id: `s${this.#ids}`, destination, ...headers })
  }

  /** Resolves after the given number of answers. */
  #ask(frames: string[], answers: number): Promise<void> {
    return this.#wait((resolve) => {
      let missing = answers
      this.#took = () => {
        missing -= 1
        if (missing === 0) resolve()
      }
      for (const each of frames) this.#socket.send(each)
    })
  }

  /** Fails after a timeout, because a missing answer would make the run wait forever. */
  #wait(begin: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        clearTimeout(timer)
        reject(error)
      }
      const timer = setTimeout(() => fail(new Error(`${this.#account.username} got no answer`)), patienceMs)
      this.#failed = fail
      begin(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #gather(part: Buffer): void {
    let from = 0
    for (let at = part.indexOf(nul); at >= 0; at = part.indexOf(nul, from)) {
      const text = Buffer.concat([...this.#parts, part.subarray(from, at)]).toString()
      this.#parts = []
      from = at + 1
      this.#take(text.replace(/^\n+/, '')) // heart-beats
    }
    if (from < part.length) this.#parts.push(Buffer.from(part.subarray(from)))
  }

  #take(text: string): void {
    if (text.startsWith('ERROR') || text.includes('\ndestination:/user/queue/errors\n')) {
      this.#failed(new Error(`${this.#account.username} was refused:\n${text}`))
    } else {
      this.#took(text)
    }
  }
}
