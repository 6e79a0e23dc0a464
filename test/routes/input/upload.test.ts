// Reading of forms, with a time limit that is short enough for a test.
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { realClock } from '#clock/clock.ts'
import { bodies } from '#plugins/bodies.ts'
import { errors } from '#plugins/errors.ts'
import { uploads } from '#plugins/uploads.ts'
import { receive } from '#routes/upload.ts'

let app: FastifyInstance
/** The contents of the stored files by name. */
const stored = new Map<string, string>()

beforeAll(async () => {
  app = fastify()
  await app.register(errors, { clock: realClock })
  await app.register(bodies)
  await app.register(uploads)
  const storage = {
    async store(_caller: unknown, { name, bytes }: { name: string; bytes: AsyncIterable<Uint8Array> }) {
      const parts: Uint8Array[] = []
      for await (const part of bytes) parts.push(part)
      stored.set(name, Buffer.concat(parts).toString())
      return name
    },
    async discard(name: string) {
      stored.delete(name)
    },
  }
  const caller = { kind: 'application', applicationId: 1, scopes: new Set<string>() } as never
  const known = z.object({ note: z.string() })
  app.post('/form', (request) =>
    receive(request, { about: 'form', storage, caller, known, fieldsMs: 500 }, async (file, fields) => ({
      file,
      fields,
    })),
  )
  app.post('/forms', (request) =>
    receive(request, { about: 'form', storage, caller, filesMax: 2 }, async (file) => file),
  )
  await app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => app.close())

const field = (name: string, value: string) =>
  `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = (text: string, name = 'file') =>
  `--x\r\ncontent-disposition: form-data; name="${name}"; filename="a.txt"\r\n\r\n${text}\r\n`

/** Starts a form, to which the test writes the rest. */
function begin(path = '/form') {
  const form = httpRequest({
    port: (app.server.address() as AddressInfo).port,
    path,
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  })
  const answer = new Promise<{ status: number | undefined; connection: string | undefined; body: string }>(
    (resolve, reject) => {
      form.on('error', reject)
      form.on('response', async (response) => {
        let body = ''
        for await (const part of response.setEncoding('utf8')) body += part
        resolve({ status: response.statusCode, connection: response.headers.connection, body })
      })
    },
  )
  return { form, answer }
}

describe('a form whose parts beside the file are delayed', () => {
  it.each([
    ['before the first part', ''],
    ['within a field', field('a', 'b').slice(0, -2)],
    ['within a field sent as a Blob', file('b', 'note').slice(0, -2)],
    ['after the file', `${file('text')}--x\r\n`],
  ])('is 408 after the time limit, and leaves no file: %s', async (_, text) => {
    const { form, answer } = begin()
    form.flushHeaders()
    form.write(text)
    const { status, connection, body } = await answer
    expect({ status, connection }).toEqual({ status: 408, connection: 'close' })
    expect(JSON.parse(body).error).toBe('RequestTimeoutError')
    expect(stored.size).toBe(0)
    form.destroy()
  })

  it('does not count the time of the file itself', async () => {
    const { form, answer } = begin()
    form.write(field('a', 'b') + file('').slice(0, -2))
    for (const text of ['one ', 'two ', 'three']) {
      await new Promise((resolve) => setTimeout(resolve, 250))
      form.write(text)
    }
    form.end('\r\n--x--\r\n')
    const { status, body } = await answer
    expect({ status, ...JSON.parse(body) }).toEqual({ status: 200, file: 'a.txt', fields: { a: 'b' } })
    expect(stored.get('a.txt')).toBe('one two three')
    stored.clear()
  })
})

describe('a field sent as a Blob', () => {
  it('is read if the form has such a field, and else ignored', async () => {
    const { form, answer } = begin()
    form.end(`${file('é', 'note')}${file('b', 'other')}${file('text')}--x--\r\n`)
    expect(JSON.parse((await answer).body)).toEqual({ file: 'a.txt', fields: { note: 'é' } })
    stored.clear()
  })

  it('is limited in size as other fields are', async () => {
    const { form, answer } = begin()
    form.end(`${field('a', 'x'.repeat(200_000))}${file('x'.repeat(100_000), 'note')}${file('text')}--x--\r\n`)
    expect((await answer).status).toBe(413)
    expect(stored.size).toBe(0)
  })
})

describe('the name of a file', () => {
  const star = "filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt"
  const plainName = 'filename="plain.txt"'
  it.each([
    ['filename* behind filename', `form-data; name="file"; ${plainName}; ${star}`, 'naïve €.txt'],
    ['filename* before filename', `form-data; name="file"; ${star}; ${plainName}`, 'naïve €.txt'],
    ['filename* alone', `form-data; name="file"; ${star}`, 'naïve €.txt'],
    ['a name without quotes', `form-data; name=file; ${plainName}; ${star}`, 'naïve €.txt'],
    ['the name at the end', `form-data; ${star}; ${plainName}; name="file"`, 'naïve €.txt'],
    [
      'filename* in another charset',
      `form-data; name="file"; ${plainName}; filename*=iso-8859-1''caf%E9`,
      'café',
    ],
    [
      'a charset that is not known',
      `form-data; name="file"; ${plainName}; filename*=klingon''x`,
      'plain.txt',
    ],
    ['filename* as text of a name', 'form-data; name="file"; filename="a; filename*=b"', 'a; filename*=b'],
    ['an encoded word', 'form-data; name="file"; filename="=?utf-8?B?5pel5pys?="', '日本'],
    [
      'two of them',
      'form-data; name="file"; filename="=?UTF-8?Q?a=5F_b?= =?utf-8?b?w6k=?=.txt"',
      'a_ bé.txt',
    ],
    ['what is no word', 'form-data; name="file"; filename="=?none?B?!?=.txt"', '=?none?B?!?=.txt'],
    ['UTF-8 as browsers write it', 'form-data; name="file"; filename="é%22.txt"', 'é%22.txt'],
  ])('is decoded as the client means it: %s', async (_, disposition, name) => {
    const { form, answer } = begin()
    form.end(`--x\r\ncontent-disposition: ${disposition}\r\n\r\ntext\r\n--x--\r\n`)
    const { status, body } = await answer
    expect({ status, file: JSON.parse(body).file }).toEqual({ status: 200, file: name })
    stored.clear()
  })

  it('is that of each file where several arrive at once', async () => {
    const { form, answer } = begin('/forms')
    const part = (name: string) =>
      `--x\r\ncontent-disposition: form-data; name="file"; filename="x"; filename*=UTF-8''${name}\r\n\r\nt\r\n`
    form.end(`${part('one')}${part('two')}--x--\r\n`)
    await answer
    expect([...stored.keys()]).toEqual(['one', 'two'])
    stored.clear()
  })
})
