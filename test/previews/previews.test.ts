import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPreviews } from '#previews/previews.ts'

const html = '<title>a</title><meta property="og:image" content="/i.png">'

/** The responses to `/hold…`, which tests send later. */
let held: ServerResponse[]
let reached: string[]
let url: string
let close: () => void

beforeEach(async () => {
  held = []
  reached = []
  const server = createServer((request, response) => {
    reached.push(request.url ?? '')
    if (request.url?.startsWith('/hold')) held.push(response)
    else answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  close = () => {
    server.closeAllConnections()
    server.close()
  }
})
afterEach(() => close())

function answer(response: ServerResponse): void {
  if (response.req.url?.includes('missing')) response.writeHead(404).end()
  else response.writeHead(200, { 'content-type': 'text/html' }).end(html)
}

describe('previews', () => {
  it('are fetched', async () => {
    const preview = await openPreviews({ allowPrivate: true }).fetch(`${url}/a`)
    expect(preview).toEqual({ url: `${url}/a`, title: 'a', image: { source: `${url}/i.png` } })
  })

  it('are limited to the public web by default', async () => {
    const previews = openPreviews({ resolve: async () => ['127.0.0.1'] })
    expect(await previews.fetch(`${url}/a`)).toBeUndefined()
    expect(await previews.fetch('http://public.test/')).toBeUndefined()
    expect(reached).toEqual([])
  })

  it('are undefined for any failure', async () => {
    const previews = openPreviews({
      allowPrivate: true,
      resolve: async () => {
        throw new Error('no names today')
      },
    })
    for (const wrong of [
      '',
      'no url',
      'ftp://example.com',
      'mailto:a@example.com',
      'http://me:secret@example.com/',
      'http://example.com/',
      'http://127.0.0.1:1/',
      `${url}/missing`,
      `${url}/${'x'.repeat(3_000)}`,
    ]) {
      expect(await previews.fetch(wrong), wrong).toBeUndefined()
    }
    expect(reached).toEqual(['/missing'])
  })

  it('are cached, hits and misses, regardless of the URL fragment', async () => {
    const previews = openPreviews({ allowPrivate: true })
    const first = await previews.fetch(`${url}/a`)
    expect(await previews.fetch(`${url}/a`)).toEqual(first)
    expect(await previews.fetch(`${url}/a#part`)).toEqual(first)
    await previews.fetch(`${url}/missing`)
    await previews.fetch(`${url}/missing`)
    expect(reached).toEqual(['/a', '/missing'])
    await previews.fetch(`${url}/a?b`)
    expect(reached).toEqual(['/a', '/missing', '/a?b'])
  })

  it('are fetched once for concurrent requests', async () => {
    const previews = openPreviews({ allowPrivate: true })
    const asked = [1, 2, 3].map(() => previews.fetch(`${url}/hold`))
    await expect.poll(() => held.length).toBe(1)
    for (const response of held) answer(response)
    for (const preview of await Promise.all(asked)) expect(preview?.title).toBe('a')
    expect(reached).toEqual(['/hold'])
  })

  it('are fetched eight at once, others are queued, and none beyond a queue of two hundred', async () => {
    const previews = openPreviews({ allowPrivate: true })
    const asked = Array.from({ length: 208 }, (_, at) => previews.fetch(`${url}/hold?${at}`))
    await expect.poll(() => held.length).toBe(8)
    expect(await previews.fetch(`${url}/turned-away`)).toBeUndefined()
    expect(reached).toHaveLength(8)

    let most = 0
    const done = Promise.all(asked)
    for (let answered = 0; answered < 208; ) {
      await expect.poll(() => held.length).toBeGreaterThan(0)
      most = Math.max(most, held.length)
      for (const response of held.splice(0)) {
        answer(response)
        answered++
      }
    }
    expect((await done).every((preview) => preview?.title === 'a')).toBe(true)
    expect(most).toBeLessThanOrEqual(8)
    // A rejected fetch is not cached.
    expect((await previews.fetch(`${url}/turned-away`))?.title).toBe('a')
  })
})
