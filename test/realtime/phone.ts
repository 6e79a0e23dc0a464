// A user's client that can lose its connection and reconnect, frame by frame.
import { expect } from 'vitest'
import { frame, type ServerFrame, StompClient } from '../stomp/stomp-client.ts'
import type { TestApplication, TestServer } from '../support/server.ts'

export interface Heard {
  destination: string
  type: string
  /** Only messages have a body. */
  resource: { body: string }
}

export class Phone {
  readonly #server: Pick<TestServer, 'url'>
  readonly #application: Pick<TestApplication, 'apiKey'>
  readonly name: string
  /** Frames received on previous connections, in order. */
  readonly #before: ServerFrame[] = []
  stomp: StompClient | undefined
  session: string | undefined
  /** Whether received messages are acknowledged at once. */
  acknowledges = true
  ack = 'client-individual'

  constructor(server: Pick<TestServer, 'url'>, application: Pick<TestApplication, 'apiKey'>, name: string) {
    this.#server = server
    this.#application = application
    this.name = name
  }

  /** Connects or reconnects, and subscribes to errors. @returns the answer to CONNECT */
  async connect(url = this.#server.url): Promise<ServerFrame> {
    const path = `/rtm/websocket?api-key=${this.#application.apiKey}`
    const stomp = await StompClient.open(Number(new URL(url).port), path)
    this.stomp = stomp
    let seen = 0
    stomp.ws.on('message', () => {
      for (; seen < stomp.frames.length; seen += 1) {
        const id = stomp.frames[seen]?.headers.ack
        if (this.acknowledges && id !== undefined) stomp.send(frame('ACK', { id }))
      }
    })
    stomp.send(
      frame('CONNECT', {
        'accept-version': '1.2',
        'heart-beat': '0,0',
        'StompX-User': this.name,
        ...(this.session !== undefined && { 'StompX-Auth-Session-ID': this.session }),
      }),
    )
    const answer = await stomp.next()
    if (answer.command !== 'CONNECTED') return answer
    this.session = answer.headers.session
    stomp.send(frame('SUBSCRIBE', { id: 'errors', destination: '/user/queue/errors' }))
    return answer
  }

  /** Subscribes to topics. @returns for each, the error if the SUBSCRIBE is refused */
  async listen(...destinations: string[]): Promise<(string | undefined)[]> {
    return Promise.all(destinations.map((destination) => this.#subscribe(destination)))
  }

  async #subscribe(destination: string): Promise<string | undefined> {
    const stomp = this.stomp as StompClient
    const id = `to ${destination}`
    const receipt = `of ${destination}`
    stomp.send(frame('SUBSCRIBE', { id, destination, receipt, ack: this.ack }))
    const find = () =>
      stomp.frames.find(
        ({ command, headers }) =>
          headers['subscription-id'] === id || (command === 'RECEIPT' && headers['receipt-id'] === receipt),
      )
    await expect.poll(find, { interval: 5 }).toBeDefined()
    const answer = find()
    return answer?.command === 'RECEIPT' ? undefined : JSON.parse(answer?.body ?? '{}').error
  }

  /** Requests the user, as official clients do after subscribing to everything. */
  askForUser(): void {
    this.stomp?.send(frame('SUBSCRIBE', { id: 'me', destination: '/application/user.relay' }))
  }

  /** Cuts the connection without a DISCONNECT. */
  async cut(): Promise<void> {
    const { stomp } = this
    if (!stomp) return
    stomp.ws.terminate()
    await stomp.closed
    this.#before.push(...stomp.frames)
    this.stomp = undefined
  }

  /** Resolves with the last frame once the server has closed the connection. */
  async end(): Promise<ServerFrame | undefined> {
    await this.stomp?.closed
    return this.stomp?.frames.at(-1)
  }

  /** Messages received on topics, in order. */
  get heard(): Heard[] {
    return [...this.#before, ...(this.stomp?.frames ?? [])]
      .filter(({ command, headers }) => command === 'MESSAGE' && headers.destination?.startsWith('/topic/'))
      .map(({ headers, body }) => ({ destination: headers.destination ?? '', ...JSON.parse(body) }))
  }

  /** Returns the bodies of the messages received on a channel's topic, in order. */
  bodies(channelId: number): string[] {
    return this.heard
      .filter(
        ({ destination, type }) =>
          destination === `/topic/channels/${channelId}.messages` && type === 'channel.message.created',
      )
      .map(({ resource }) => resource.body)
  }
}

/** Resolves when the server has noticed that a session lost its connection. */
export async function untilLossIsNoticed(server: TestServer, { session }: Phone): Promise<void> {
  const find = async () => {
    const row = await server.ctx.db.prisma.userSession.findFirst({ where: { key: session ?? '' } })
    return row === null || row.detachedTime !== null
  }
  await expect.poll(find, { interval: 10 }).toBe(true)
}
