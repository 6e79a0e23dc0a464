import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { sniffType } from '#domain/files/sniff-type.ts'

async function* inChunks(bytes: Buffer, size = 7) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function typeOf(bytes: string | Buffer, declared?: string): Promise<string> {
  return (await sniffType(inChunks(Buffer.from(bytes)), declared)).contentType
}

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

describe('the type of a file', () => {
  it('is recognised by its signature', async () => {
    expect(await typeOf(png)).toBe('image/png')
    expect(await typeOf('%PDF-1.7\n')).toBe('application/pdf')
    expect(await typeOf(Buffer.from('ffd8ffe000104a464946', 'hex'))).toBe('image/jpeg')
  })

  it('is text/plain for text, and application/octet-stream for anything else', async () => {
    for (const text of [
      'Hello',
      '',
      'a,b\r\n1,2\n',
      '{"a":1}',
      'Füße 😀',
      '\ufeffwith a mark',
      '\u001b[31mred',
    ]) {
      expect(await typeOf(text), JSON.stringify(text)).toBe('text/plain')
    }
    expect(await typeOf(Buffer.from([0x66, 0x6f, 0xff, 0xfe, 0x6f]))).toBe('application/octet-stream')
    expect(await typeOf('text\0with a zero')).toBe('application/octet-stream')
  })

  it('is recognised for markup, whatever precedes it', async () => {
    expect(await typeOf('<!doctype html><script>alert(1)</script>')).toBe('text/html')
    expect(await typeOf(' \n\ufeff<ScRiPt>alert(1)</ScRiPt>')).toBe('text/html')
    expect(await typeOf('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')).toBe('image/svg+xml')
    expect(await typeOf('<?xml version="1.0"?><svg onload="alert(1)"/>')).toBe('image/svg+xml')
    expect(await typeOf('<?xml version="1.0"?><feed/>')).toBe('application/xml')
  })

  it('is recognised for text that ends within a character', async () => {
    expect(await typeOf(Buffer.concat([Buffer.alloc(65_535, 'a'), Buffer.from('ü'.repeat(10))]))).toBe(
      'text/plain',
    )
  })
})

describe('the type that a sender gives', () => {
  const webm = Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex')

  it.each<[string, string | Buffer, string]>([
    ['a voice message', webm, 'audio/webm'],
    ['a table', 'a,b\r\n1,2\n', 'text/csv'],
    ['JSON', '{"a":1}', 'application/json'],
    ['Markdown', '# Title', 'text/markdown'],
    ['a text about cars', 'BMW or not', 'text/plain'],
    ['a text that begins with a bracket', '<3 to all of you', 'text/plain'],
    ['an office document', Buffer.from('504b0304', 'hex'), 'application/vnd.oasis.opendocument.text'],
    ['a page that says so', '<!doctype html><p>', 'text/html'],
    ['a drawing that says so', '<svg/>', 'image/svg+xml'],
    ['a type nobody knows', Buffer.from([0, 1, 2]), 'application/x-own'],
  ])('is kept for %s', async (_what, bytes, declared) => {
    expect(await typeOf(bytes, declared)).toBe(declared)
  })

  it('is kept in lower case and without parameters', async () => {
    expect(await typeOf(webm, 'Audio/WebM; codecs=opus')).toBe('audio/webm')
  })

  it.each([
    ['<!doctype html><script>alert(1)</script>', 'image/png', 'text/html'],
    ['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'image/png', 'image/svg+xml'],
    ['<svg onload="alert(1)"/>', 'video/mp4', 'image/svg+xml'],
    ['<p>', 'application/pdf', 'text/html'],
  ])('is not kept where %s is declared as %s', async (bytes, declared, expected) => {
    expect(await typeOf(bytes, declared)).toBe(expected)
  })

  it.each(['', 'png', 'application/octet-stream', 'text/plain', 'text/html', 'image/svg+xml', 'a/b/c'])(
    'is not kept for a picture where it is "%s"',
    async (declared) => {
      expect(await typeOf(png, declared)).toBe('image/png')
    },
  )

  it.each(['BMW or not', 'MZ is no program', 'GIF89a was a format'])(
    'is text/plain without one for: %s',
    async (text) => {
      expect(await typeOf(text)).toBe('text/plain')
    },
  )
})

it('returns all bytes, however they are chunked', async () => {
  const bytes = Buffer.concat([png, Buffer.alloc(200_000, 'x')])
  for (const size of [1_000, 65_536, 300_000]) {
    const { bytes: again } = await sniffType(inChunks(bytes, size))
    expect(bytes.equals(await buffer(again))).toBe(true)
  }
})

it('releases the bytes when the reader is cancelled', async () => {
  let released = false
  async function* source() {
    try {
      for (;;) yield Buffer.alloc(65_536)
    } finally {
      released = true
    }
  }
  for await (const _ of (await sniffType(source())).bytes) break
  expect(released).toBe(true)
})
