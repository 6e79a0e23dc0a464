// Web servers whose pages are fetched, with guards that let their addresses pass.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type FetchOptions, fetchPreview } from '#previews/fetch-page.ts'
import { publicWeb, unrestricted } from '#previews/guard.ts'

export const html = '<head><title>a</title><meta property="og:image" content="/i.png"></head>'

/** A web server on an address of this host until the end of the test, and the requests that it received. */
export async function serve(answer: RequestListener, host = '127.0.0.1') {
  const reached: string[] = []
  const server = createServer((request, response) => {
    reached.push(`${request.headers.host}${request.url}`)
    response.on('error', () => undefined)
    answer(request, response)
  })
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { reached, port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` }
}

export const page =
  (body: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body)

export function fetch(url: string, { guard = unrestricted, timeoutMs = 5_000 }: Partial<FetchOptions> = {}) {
  return fetchPreview(new URL(url), { guard, timeoutMs })
}

/** A guard that allows one port on non-public addresses. */
export const onlyPort = (port: number, resolve = unrestricted.resolve) => ({
  resolve,
  mayConnect: (address: string, at: number) => at === port || publicWeb.mayConnect(address, at),
})
