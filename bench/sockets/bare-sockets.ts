// The baseline of the real-time API: `ws` used in the simplest way. It sends the same bytes to all sockets, has no
// users, channels, frames or acknowledgements, and stores nothing.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

let delivered = Buffer.alloc(0)

/** Clients stay connected while the other side is measured. */
const keepAliveTimeout = 600_000

const server = createServer({ keepAliveTimeout }, async (request, response) => {
  const body = await read(request)
  if (request.method === 'PUT') delivered = body
  else for (const socket of sockets.clients) socket.send(delivered, { binary: false })
  response.writeHead(200, { 'content-length': 0 })
  response.end()
})
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))

async function read(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}
