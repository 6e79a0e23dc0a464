// How forms are read, with a limit of time that a test can wait for.
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodies } from '#plugins/bodies.ts'
import { errors } from '#plugins/errors.ts'
import { uploads } from '#plugins/uploads.ts'
import { receive } from '#routes/upload.ts'

let app: FastifyInstance
/** The files that are stored, by name, as texts. */
const stored = new Map<string, string>()

beforeAll(async () => {
  app = fastify()
  await app.register(errors)
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
  app.post('/form', (request) =>
    receive(request, { about: 'form', storage, caller, fieldsMs: 200 }, async (file, fields) => ({
      file,
      fields,
    })),
  )
  await app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(() => app.close())

const field = (name: string, value: string) =>
  `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = (text: string) =>
  `--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n${text}\r\n`

/** Begins a form; what is to follow is written to it. */
function begin() {
  const form = httpRequest({
    port: (app.server.address() as AddressInfo).port,
    path: '/form',
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

describe('a form whose parts beside the file are held open', () => {
  it.each([
    ['before the first part', ''],
    ['within a field', field('a', 'b').slice(0, -2)],
    ['after the file', `${file('text')}--x\r\n`],
  ])('is 408 after its time, and leaves no file: %s', async (_, text) => {
    const { form, answer } = begin()
    form.flushHeaders()
    form.write(text)
    const { status, connection, body } = await answer
    expect({ status, connection }).toEqual({ status: 408, connection: 'close' })
    expect(JSON.parse(body).error).toBe('RequestTimeoutError')
    expect(stored.size).toBe(0)
    form.destroy()
  })

  it('counts none of the time that the file takes', async () => {
    const { form, answer } = begin()
    form.write(field('a', 'b') + file('').slice(0, -2))
    for (const text of ['one ', 'two ', 'three']) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      form.write(text)
    }
    form.end('\r\n--x--\r\n')
    const { status, body } = await answer
    expect({ status, ...JSON.parse(body) }).toEqual({ status: 200, file: 'a.txt', fields: { a: 'b' } })
    expect(stored.get('a.txt')).toBe('one two three')
    stored.clear()
  })
})
