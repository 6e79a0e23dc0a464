// Pages of hostile servers cost little, and lead to no private address.
import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { createGzip } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { publicWeb, unrestricted } from '#previews/guard.ts'
import { fetch, html, onlyPort, page, serve } from './web-server.ts'

const padding = Buffer.alloc(65_536, ' ')

describe('a hostile server cannot waste', () => {
  it('time: a response that never comes', async () => {
    const { url } = await serve(() => undefined)
    await expect(fetch(url, { timeoutMs: 100 })).rejects.toThrow(/timeout/i)
  })

  it('time: a response that sends a few bytes now and then', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      const timer = setInterval(() => response.write('<meta>'), 20)
      response.on('close', () => clearInterval(timer))
    })
    await expect(fetch(url, { timeoutMs: 300 })).rejects.toThrow(/timeout/i)
  })

  it('time: DNS queries that are not answered', async () => {
    const guard = { ...unrestricted, resolve: () => new Promise<string[]>(() => undefined) }
    await expect(fetch('http://slow.test/', { guard, timeoutMs: 100 })).rejects.toThrow(/timeout/i)
  })

  it('time: a handshake that is never completed', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const began = performance.now()
    await expect(fetch(`https://127.0.0.1:${port}/`, { timeoutMs: 100 })).rejects.toThrow(/timeout/i)
    expect(performance.now() - began, 'that of the connection is 10 s').toBeLessThan(9_000)
  })

  it('time: slow redirects', async () => {
    const { url } = await serve((_, response) => {
      setTimeout(() => response.writeHead(302, { location: '/on' }).end(), 90)
    })
    await expect(fetch(url, { timeoutMs: 200 })).rejects.toThrow(/timeout/i)
  })

  it('bytes: an endless page is read up to the limit', async () => {
    let sent = 0
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.write('<head><title>a</title><meta property="og:image" content="/i.png">')
      const send = () => {
        do sent += padding.length
        while (!response.destroyed && response.write(padding))
      }
      response.on('drain', send)
      send()
    })
    expect((await fetch(url))?.title).toBe('a')
    expect(sent).toBeLessThan(20_000_000)
  })

  it('bytes: what follows too many bytes is not read', async () => {
    const { url } = await serve(page(`<head>${' '.repeat(600_000)}${html.slice(6)}`))
    expect(await fetch(url)).toBeUndefined()
  })

  it('bytes: nothing is read after the head', async () => {
    const { url } = await serve((_, response) => {
      // The response never ends.
      response.writeHead(200, { 'content-type': 'text/html' }).write(html + ' '.repeat(2_000))
    })
    expect((await fetch(url))?.title).toBe('a')
  })

  it('memory: a gzip bomb', async () => {
    let unpacked = 0
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })
      const gzip = createGzip()
      gzip.pipe(response)
      response.on('close', () => gzip.destroy())
      const send = () => {
        do unpacked += padding.length
        while (!gzip.destroyed && gzip.write(padding))
      }
      gzip.on('drain', send)
      gzip.on('error', () => undefined)
      gzip.write('<head><title>a</title><meta property="og:image" content="/i.png">')
      send()
    })
    const before = process.memoryUsage().rss
    expect((await fetch(url))?.title).toBe('a')
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
    expect(unpacked).toBeGreaterThan(524_288)
  })

  it('memory: endless headers', async () => {
    const { url } = await serve(page(html, { 'x-long': 'x'.repeat(40_000) }))
    await expect(fetch(url)).rejects.toThrow()
  })
})

describe('private addresses are not connected to:', () => {
  it.each([
    ['itself', '127.0.0.1'],
    ['as a number', '2130706433'],
    ['in octal', '0177.0.0.1'],
    ['in hexadecimal', '0x7f.1'],
    ['in short', '127.1'],
    ['in full width', '１２７.０.０.１'],
    ['with a dot', '127.0.0.1.'],
    ['as IPv6', '[::ffff:127.0.0.1]'],
    ['as IPv6 in hexadecimal', '[::ffff:7f00:1]'],
    ['as nothing', '0.0.0.0'],
    ['by name', 'localhost'],
  ])('this host: %s', async (_, host) => {
    const { port, reached } = await serve(page(html))
    const guard = { ...onlyPort(-1), resolve: async () => ['127.0.0.1', '::1'] }
    await expect(fetch(`http://${host}:${port}/`, { guard })).rejects.toThrow('may be connected to')
    expect(reached).toEqual([])
  })

  it('private addresses on web ports, with the default guard', async () => {
    for (const url of ['http://127.0.0.1/', 'https://127.0.0.1/', 'http://[::1]/', 'http://[fd00::1]/']) {
      await expect(fetch(url, { guard: publicWeb })).rejects.toThrow('may be connected to')
    }
    await expect(fetch('http://169.254.169.254/latest/meta-data/', { guard: publicWeb })).rejects.toThrow(
      'may be connected to',
    )
    await expect(fetch('http://1.1.1.1:6379/', { guard: publicWeb })).rejects.toThrow('may be connected to')
  })

  it('a public name that resolves to it', async () => {
    const { port, reached } = await serve(page(html))
    for (const addresses of [['127.0.0.1'], ['10.0.0.1', '::1', '169.254.169.254'], []]) {
      const guard = onlyPort(-1, async () => addresses)
      await expect(fetch(`http://public.test:${port}/`, { guard })).rejects.toThrow('may be connected to')
    }
    expect(reached).toEqual([])
  })

  it('a name that resolves elsewhere when it is resolved again', async () => {
    const [open, secret] = [await serve(page(html)), await serve(page(html), '127.0.0.2')]
    const asked: string[] = []
    const guard = {
      mayConnect: (address: string) => address === '127.0.0.1',
      resolve: async (name: string) => {
        asked.push(name)
        return [asked.length === 1 ? '127.0.0.1' : '127.0.0.2']
      },
    }
    expect((await fetch(`http://rebinding.test:${open.port}/`, { guard }))?.title).toBe('a')
    expect(asked).toEqual(['rebinding.test'])
    expect(open.reached).toEqual([`rebinding.test:${open.port}/`])
    await expect(fetch(`http://rebinding.test:${secret.port}/`, { guard })).rejects.toThrow(
      'may be connected to',
    )
    expect(secret.reached).toEqual([])
  })

  it('the private ones among the addresses of a name', async () => {
    const secret = await serve(page(html), '127.0.0.2')
    const guard = {
      mayConnect: (address: string) => address === '127.0.0.1',
      resolve: async () => ['127.0.0.2', '127.0.0.1'],
    }
    // Nothing listens on the other address.
    await expect(fetch(`http://both.test:${secret.port}/`, { guard })).rejects.toThrow('ECONNREFUSED')
    expect(secret.reached).toEqual([])
  })

  it.each([
    'http://me:secret@example.com/',
    'http://me@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
  ])('anything disguised as %s', async (url) => {
    await expect(fetch(url)).rejects.toThrow(/not of the web|holds credentials/)
  })
})
