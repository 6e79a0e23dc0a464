// Stands in front of a server and fails as services do: some requests with 503, some with 429, some cut off, and once it
// is away as a whole for a while.
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Unsteady {
  url: string
  /** Paths asked for so far, whatever came of it. */
  asked: string[]
  /** How often it failed. */
  failures: number
  /** Called before each request is dealt with. */
  onRequest: (path: string) => void
  /** Whether it fails at all. */
  isUnsteady: boolean
  close(): Promise<void>
}

/** @param awayAt the request before which it goes away, for 300 ms */
export async function unsteadyFront(target: string, awayAt: number): Promise<Unsteady> {
  let isAway = false
  const front: Unsteady = {
    url: '',
    asked: [],
    failures: 0,
    onRequest() {},
    isUnsteady: true,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  const server: Server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? ''
    const count = front.asked.push(path)
    front.onRequest(path)
    if (front.isUnsteady && count === awayAt) {
      isAway = true
      setTimeout(() => {
        isAway = false
      }, 300)
    }
    if (front.isUnsteady && (isAway || count % 17 === 0)) {
      front.failures++
      incoming.socket.destroy()
    } else if (front.isUnsteady && count % 13 === 0) {
      front.failures++
      outgoing.writeHead(503).end()
    } else if (front.isUnsteady && count % 11 === 0) {
      front.failures++
      outgoing.writeHead(429, { 'retry-after': '0' }).end()
    } else {
      const { method, headers } = incoming
      const onward = request(new URL(path, target), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      onward.on('error', () => outgoing.destroy())
      incoming.pipe(onward)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  front.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return front
}
