import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { type FetchOptions, fetchPreview } from '#previews/fetch-page.ts'
import { publicWeb, unrestricted } from '#previews/guard.ts'

const html = '<head><title>a</title><meta property="og:image" content="/i.png"></head>'
const padding = Buffer.alloc(65_536, ' ')

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A web server on an address of this host, and the requests that it received. */
async function serve(answer: RequestListener, host = '127.0.0.1') {
  const reached: string[] = []
  const server = createServer((request, response) => {
    reached.push(`${request.headers.host}${request.url}`)
    response.on('error', () => undefined)
    answer(request, response)
  })
  server.listen(0, host)
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { reached, port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` }
}

const page =
  (body: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body)

function fetch(url: string, { guard = unrestricted, timeoutMs = 5_000 }: Partial<FetchOptions> = {}) {
  return fetchPreview(new URL(url), { guard, timeoutMs })
}

/** A guard that allows one port on non-public addresses. */
const onlyPort = (port: number, resolve = unrestricted.resolve) => ({
  resolve,
  mayConnect: (address: string, at: number) => at === port || publicWeb.mayConnect(address, at),
})

describe('a page', () => {
  it('is fetched once, with our User-Agent and without credentials', async () => {
    const { url, reached } = await serve((request, response) => {
      expect(request.method).toBe('GET')
      expect(request.headers['user-agent']).toBe('Chatterie link preview')
      expect(request.headers).not.toHaveProperty('authorization')
      expect(request.headers).not.toHaveProperty('cookie')
      page(html)(request, response)
    })
    expect(await fetch(`${url}/a/b?c=d#e`)).toEqual({
      url: `${url}/a/b?c=d#e`,
      title: 'a',
      image: { source: `${url}/i.png` },
    })
    expect(reached).toEqual([`${url.slice(7)}/a/b?c=d`])
  })

  it.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('may be compressed: %s', async (encoding, pack) => {
    const { url } = await serve(page(pack(html), { 'content-encoding': encoding }))
    expect((await fetch(url))?.title).toBe('a')
  })

  it.each(['zstd', 'gzip, gzip', 'compress'])(
    'is refused when compressed as %s, which was not requested',
    async (encoding) => {
      const { url } = await serve(page(html, { 'content-encoding': encoding }))
      await expect(fetch(url)).rejects.toThrow('unknown way')
    },
  )

  it('may be compressed incorrectly, without effect on others', async () => {
    const { url } = await serve(page(html, { 'content-encoding': 'gzip' }))
    await expect(fetch(url)).rejects.toThrow()
  })

  const latin = Buffer.from(html.replace('a<', 'Crème brûlée<'), 'latin1')
  const withMeta = (meta: string) => Buffer.concat([Buffer.from(`<head>${meta}`), latin.subarray(6)])
  it.each<[string, Buffer, string]>([
    ['its content type', latin, 'text/html; charset=ISO-8859-1'],
    ['its content type, quoted', latin, 'Text/HTML;Charset="latin1"'],
    ['a meta element', withMeta('<meta charset="iso-8859-1">'), 'text/html'],
    [
      'a meta element of old',
      withMeta('<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">'),
      'text/html',
    ],
    [
      'a mark in UTF-16',
      Buffer.from(`\ufeff${latin.toString('latin1')}`, 'utf16le'),
      'text/html; charset=utf-8',
    ],
    ['a mark in UTF-8', Buffer.from(`\ufeff${latin.toString('latin1')}`), 'text/html; charset=latin1'],
    ['nothing: UTF-8', Buffer.from(latin.toString('latin1')), 'text/html'],
    ['an unknown name: UTF-8', Buffer.from(latin.toString('latin1')), 'text/html; charset=klingon'],
  ])('is decoded with the encoding from %s', async (_, body, contentType) => {
    const { url } = await serve(page(body, { 'content-type': contentType }))
    expect((await fetch(url))?.title).toBe('Crème brûlée')
  })

  it('may be chunked at any byte', async () => {
    const body = Buffer.from(
      `<head>${'<!-- ü -->'.repeat(300)}<title>${'ü'.repeat(100)}</title>${html.slice(22)}`,
    )
    const { url } = await serve(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      for (let at = 0; at < body.length; at += 701) {
        response.write(body.subarray(at, at + 701))
        await new Promise(setImmediate)
      }
      response.end()
    })
    expect((await fetch(url))?.title).toBe('ü'.repeat(100))
  })

  it.each(['application/json', 'image/png', 'text/plain', 'text/htmlx', 'application/octet-stream', ''])(
    'must be HTML, not %j',
    async (contentType) => {
      const { url } = await serve(page(html, { 'content-type': contentType }))
      await expect(fetch(url)).rejects.toThrow('not HTML')
    },
  )

  it.each([204, 304, 400, 404, 500])('is ignored with status %i', async (status) => {
    const { url } = await serve((_, response) =>
      response
        .writeHead(status, { 'content-type': 'text/html' })
        .end(status < 400 && status !== 200 ? '' : html),
    )
    await expect(fetch(url)).rejects.toThrow(`answered ${status}`)
  })
})

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
    closing.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const began = performance.now()
    await expect(fetch(`https://127.0.0.1:${port}/`, { timeoutMs: 100 })).rejects.toThrow(/timeout/i)
    expect(performance.now() - began).toBeLessThan(2_000)
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

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with status %i is followed', async (status) => {
    const { url, reached } = await serve((request, response) => {
      if (request.url === '/to/b') page(html)(request, response)
      else response.writeHead(status, { location: '/to/b' }).end()
    })
    expect((await fetch(`${url}/from`))?.image.source).toBe(`${url}/i.png`)
    expect(reached).toHaveLength(2)
  })

  it('is followed three times', async () => {
    const { url, reached } = await serve((request, response) => {
      const hop = Number(request.url?.slice(1))
      if (hop === 0) page(html)(request, response)
      else response.writeHead(302, { location: `/${hop - 1}` }).end()
    })
    expect((await fetch(`${url}/3`))?.title).toBe('a')
    expect(reached).toHaveLength(4)
    await expect(fetch(`${url}/4`)).rejects.toThrow('too often')
    expect(reached).toHaveLength(8)
  })

  it('to a private address is refused', async () => {
    const secret = await serve(page(html))
    for (const to of [
      secret.url,
      `http://[::ffff:127.0.0.1]:${secret.port}`,
      `//0x7f000001:${secret.port}`,
    ]) {
      const open = await serve((_, response) => response.writeHead(302, { location: to }).end())
      await expect(fetch(open.url, { guard: onlyPort(open.port) })).rejects.toThrow('may be connected to')
      expect(open.reached).toHaveLength(1)
    }
    expect(secret.reached).toEqual([])
  })

  it.each([
    'file:///etc/passwd',
    'ftp://example.com/',
    'javascript:alert(1)',
    'data:text/html,<title>a</title>',
    'http://me:secret@127.0.0.1/',
  ])('to %s is refused', async (location) => {
    const { url } = await serve((_, response) => response.writeHead(302, { location }).end())
    await expect(fetch(url)).rejects.toThrow(/not of the web|holds credentials/)
  })

  it('without a valid location gives no page', async () => {
    const { url } = await serve((_, response) => response.writeHead(302).end())
    await expect(fetch(url)).rejects.toThrow('answered 302')
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
