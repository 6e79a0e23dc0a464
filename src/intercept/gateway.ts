// The TLS server that the intercepted names lead to. It passes all requests on to Chatterie.
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { handOn, join, without } from '#intercept/hand-on.ts'
import type { Log } from '#intercept/intercept.ts'
import { type Listening, listen } from '#intercept/listen.ts'

export interface Gateway extends Listening {
  /** Handles a request for one of the names that arrived another way. */
  take(request: IncomingMessage, response: ServerResponse, path?: string): void
}

/** Forwarding headers of proxies. Chatterie trusts them from us, so those of clients are removed. */
const forwarding = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-prefix',
  'x-forwarded-proto',
]
const forwarded = ['X-Forwarded-Proto', 'https']

/** Logged once, because a client may retry endlessly. */
const brokenOff =
  'A program aborted a TLS handshake: it may not use the certificates that --intercept sets (docs/testing.md)'

/** As long as Chatterie keeps idle connections, so that clients see the same behaviour through the gateway. */
const keepAliveTimeout = 72_000

/**
 * @param url of Chatterie, with plain HTTP; it must trust proxies on this machine
 * @param tls in PEM
 */
export async function openGateway(url: URL, tls: { key: string; cert: string }, log: Log): Promise<Gateway> {
  const to = { host: url.hostname, port: Number(url.port || 80) }
  const agent = new Agent({ keepAlive: true })

  function take(request: IncomingMessage, response: ServerResponse, path = request.url): void {
    request.rawHeaders = without(forwarding, request.rawHeaders)
    handOn(request, response, { ...to, agent, path }, forwarded)
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const headers = [...without(forwarding, request.rawHeaders), ...forwarded]
    const lines = headers.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`))
    const onward = connect(to)
    onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
    onward.write(head)
    join(socket, onward)
  }

  const server = createServer({ ...tls, keepAliveTimeout })
  server.on('request', (request, response) => take(request, response))
  server.on('upgrade', upgrade)
  server.once('tlsClientError', ({ code }: NodeJS.ErrnoException) => log.warn(`${brokenOff}: ${code}`))
  const listening = await listen(server)
  return {
    ...listening,
    take,
    async close() {
      await listening.close()
      agent.destroy()
    },
  }
}
