import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fetch, html, onlyPort, page, serve } from './web-server.ts'

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
