// Receivers of webhooks, in a separate process: `/fast` answers at once, `/slow` after three seconds, `/dead` never.
// `GET /` returns how long each message took to reach `/fast`, in ms since it was written, and clears that list.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

const slowMs = 3_000
let took: number[] = []

const server = createServer(async (request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify(took))
    took = []
    return
  }
  const { data } = (await json(request)) as { data: { createdTime: string } }
  if (request.url === '/dead') return
  if (request.url === '/fast') took.push(Date.now() - Date.parse(data.createdTime))
  setTimeout(() => response.writeHead(204).end(), request.url === '/slow' ? slowMs : 0)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
