// Files that users of other services linked to are only fetched from the public internet.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { linkFetcher } from '#migrate/files/fetch-linked.ts'

let server: Server
let url: string
let asked: string[] = []
beforeAll(async () => {
  server = createServer((request, answer) => {
    asked.push(request.url ?? '')
    if (request.url === '/gone') answer.writeHead(404).end()
    else answer.setHeader('content-type', 'text/plain').end('a secret of this machine')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  asked = []
})
afterAll(() => server.close())

it('a link to an address of this machine or its network is not followed', async () => {
  const { port } = new URL(url)
  const links = [
    url,
    `http://localhost:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
  ]
  for (const link of [...links, 'http://169.254.169.254/latest/meta-data', 'http://10.0.0.1/']) {
    for (const fetchFile of [linkFetcher(), linkFetcher('https://chat.example.com')])
      await expect(fetchFile(link)).rejects.toThrow(/nothing that may be connected to/)
  }
  expect(asked).not.toContain('/') // other tests may ask at this port whether their server is up
})

it('a link to the service that is migrated from is followed, at whatever address the operator sets', async () => {
  const { bytes, contentType } = await linkFetcher(`${url}/rocket`)(`${url}/file`)
  expect(contentType).toBe('text/plain')
  expect(await text(bytes)).toBe('a secret of this machine')
  await expect(linkFetcher(url)(`${url}/gone`)).rejects.toThrow('its file could not be fetched (404)')
})
