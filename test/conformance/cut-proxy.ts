// A proxy between clients and a server that can cut, delay and redirect connections.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'

export interface CutProxy {
  /** The address that clients connect to. */
  url: string
  /** The number of open connections. */
  readonly open: number
  /** Cuts all connections. Bytes in transit are lost. */
  cut(): void
  /** Withholds everything that the server sends from now on to connected clients. */
  holdAnswers(): void
  /** Delays bytes on new connections by this time in each direction. */
  slowDown(delayMs: number): void
  /** Redirects new connections to another server. */
  leadTo(url: string): void
  close(): Promise<void>
}

/** Forwards bytes after the delay. */
function delay(ms: number): Transform {
  return new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk, _encoding, done) {
      setTimeout(() => this.push(chunk), ms)
      done()
    },
    flush(done) {
      setTimeout(done, ms)
    },
  })
}

/** Starts the proxy. */
export async function openProxy(url: string): Promise<CutProxy> {
  let target = new URL(url)
  let delayMs = 0
  const pairs = new Set<[client: Socket, server: Socket]>()
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname)
    const pair: [Socket, Socket] = [client, server]
    pairs.add(pair)
    for (const socket of pair) socket.setNoDelay(true)
    if (delayMs === 0) client.pipe(server).pipe(client)
    else client.pipe(delay(delayMs)).pipe(server).pipe(delay(delayMs)).pipe(client)
    for (const [one, other] of [pair, pair.toReversed() as [Socket, Socket]]) {
      one.on('error', () => undefined)
      one.on('close', () => {
        pairs.delete(pair)
        other.destroy()
      })
    }
  })
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    get open() {
      return pairs.size
    },
    cut,
    holdAnswers() {
      for (const [client, server] of pairs) server.unpipe(client)
    },
    slowDown(ms) {
      delayMs = ms
    },
    leadTo(other) {
      target = new URL(other)
    },
    async close() {
      cut()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
