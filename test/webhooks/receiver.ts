// A server that receives the deliveries of webhooks.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook as Verifier } from 'standardwebhooks'
import { expect } from 'vitest'
import type { AdminClient } from '../support/admin.ts'

export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
  /** The parsed body. */
  event: { type: string; timestamp: string; data: { id: number; name?: string; body?: string } }
}

export class Receiver {
  readonly received: Received[] = []
  /** How many requests have been answered. */
  answered = 0
  /** The responses to send, in order; 204 after the last. */
  readonly answers: { status: number; headers?: Record<string, string>; body?: string; delayMs?: number }[] =
    []
  readonly #server: Server
  /** The number of requests to respond to before further ones wait. */
  #room = Number.POSITIVE_INFINITY
  #waiting: (() => void)[] = []

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(): Promise<Receiver> {
    const server = createServer()
    const receiver = new Receiver(server)
    server.on('request', async (request, response) => {
      const body = await text(request)
      await receiver.#turn()
      receiver.received.push({
        path: request.url ?? '',
        headers: request.headers,
        body,
        event: JSON.parse(body),
      })
      const { status, headers, body: answer, delayMs = 0 } = receiver.answers.shift() ?? { status: 204 }
      setTimeout(() => {
        response.writeHead(status, headers).end(answer)
        receiver.answered += 1
      }, delayMs)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook?key=1`
  }

  /** Resolves once this many deliveries were received. */
  async hasReceived(count: number): Promise<void> {
    await expect.poll(() => this.received.length).toBe(count)
  }

  /** Makes all further requests wait. */
  hold(): void {
    this.#room = 0
  }

  /** Responds to this many more requests. */
  release(count: number): void {
    this.#room = count
    for (const go of this.#waiting.splice(0)) go()
  }

  /** The number of waiting requests. */
  get waiting(): number {
    return this.#waiting.length
  }

  async #turn(): Promise<void> {
    while (this.#room === 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    }
    this.#room -= 1
  }

  types(): string[] {
    return this.received.map(({ event }) => event.type)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

/** Creates a webhook for all events. @param path of the application's webhooks in the admin API */
export async function createHook(admin: AdminClient, path: string, fields: Record<string, unknown>) {
  const { body } = await admin.post(path, { events: ['*'], ...fields }).expect(201)
  return body
}

/** Returns the content of a delivery. Throws if this secret did not sign it. */
export function verified(secret: string, { body, headers }: Received) {
  return new Verifier(secret).verify(body, headers as Record<string, string>)
}
