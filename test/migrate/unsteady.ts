// A proxy to a server that fails like real services: some requests get 503, 429 or 401 (as for an expired token), some
// are cut off, some files are truncated, and once it is completely unavailable for a while.
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Unsteady {
  url: string
  /** The paths of all requests so far, including failed ones. */
  asked: string[]
  /** The number of failures so far. */
  failures: number
  /** Called before each request is handled. */
  onRequest: (path: string) => void
  /** Whether requests fail. */
  isUnsteady: boolean
  /** Returns a status that replaces the response of the server, or a function that changes its JSON body. */
  answers: (path: string) => number | ((document: unknown) => unknown) | undefined
  close(): Promise<void>
}

/** @param awayAt the number of the request at which the proxy becomes unavailable for 300 ms */
export async function unsteadyFront(target: string, awayAt: number): Promise<Unsteady> {
  let isAway = false
  const cut = new Set<string>()
  const front: Unsteady = {
    url: '',
    asked: [],
    failures: 0,
    onRequest() {},
    isUnsteady: true,
    answers: () => undefined,
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
    } else if (front.isUnsteady && count % 19 === 0) {
      front.failures++
      outgoing.writeHead(401).end()
    } else {
      const own = front.answers(path)
      if (typeof own === 'number') return void outgoing.writeHead(own).end()
      const { method, headers } = incoming
      const onward = request(new URL(path, target), { method, headers }, (answer) => {
        const isCut = front.isUnsteady && path.includes('/files/') && !cut.has(path)
        if (own || isCut) {
          cut.add(path)
          void text(answer).then((content) => {
            if (own) return outgoing.end(JSON.stringify(own(JSON.parse(content))))
            front.failures++
            outgoing.writeHead(200, answer.headers)
            outgoing.write(content.slice(0, 2), () => outgoing.destroy())
          })
        } else {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
        }
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
