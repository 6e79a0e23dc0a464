import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sweepFiles } from '#domain/files/sweep-files.ts'
import { openGrants } from '#files/grants.ts'
import type { ChannelDocument } from '../support/documents.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { endedJob } from '../support/jobs.ts'
import { expectRefusal, tokenWith } from '../support/protects.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

const sizeMax = 1_000_000
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

let server: TestServer
let main: TestApplication
let channel: ChannelDocument
beforeAll(async () => {
  server = await startServer({ FILE_SIZE_MAX: String(sizeMax) })
  main = server.main
  channel = await createChannel(main)
})
afterAll(() => server.close())

const at = (url: string) => supertest(server.url).get(new URL(url).pathname)
const bearer = (application = main) => `Bearer ${application.token}`
const read = (url: string) => at(url).set('authorization', bearer()).buffer().parse(bytes)

/** A parser for supertest that returns the raw body of any content type. */
function bytes(response: unknown, done: (error: Error | null, body: Buffer) => void) {
  const chunks: Buffer[] = []
  const stream = response as NodeJS.ReadableStream
  stream.on('data', (chunk) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)))
}

/** Sends a file as a system message. */
async function sendFile(content: string | Buffer = png, name = 'dot.png') {
  const { body } = await main
    .post(`/channels/${channel.id}/messages`)
    .attach('file', Buffer.from(content), name)
    .expect(200)
  return body
}

/** Counts files: rows, and files on the disk including incomplete ones. */
async function kept(): Promise<{ rows: number; files: number }> {
  const [[rows] = []] = await server.ctx.db.query({ text: 'select count(*) from file' }, [])
  const entries = await readdir(join(server.ctx.config.home, 'files'), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => [])
  return { rows: rows as number, files: entries.filter((entry) => entry.isFile()).length }
}

describe('a message with a file', () => {
  it('shows what the file is, at a URL without a query', async () => {
    const { body } = await main
      .post(`/channels/${channel.id}/messages`)
      .attach('file', png, { filename: 'dot.png', contentType: 'text/html' })
      .expect(200)
    expect(body).toMatchObject({
      type: 'SYSTEM_FILE',
      channelId: channel.id,
      nestedLevel: 0,
      properties: {},
      file: {
        type: 'HOSTED',
        name: 'dot.png',
        contentType: 'image/png',
        size: png.length,
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1\/files\/[0-9a-f-]{36}\/dot\.png$/),
      },
    })
    expect(Object.keys(body.file).sort()).toEqual(['contentType', 'name', 'size', 'type', 'url'])
    expect((await main.get(`/messages/${body.id}`).expect(200)).body).toEqual(body)
    const { body: shown } = await main.get(`/channels/${channel.id}`).expect(200)
    expect(shown.lastReceivedMessage.file).toEqual(body.file)
  })

  it.for(['before', 'after'])('accepts its other parts %s the file', async (place) => {
    const user = await createUser(main)
    const fields = { groupTag: 'g1', username: user.name, properties: '{"a_b":{"cD":1}}' }
    const form = main.post(`/channels/${channel.id}/messages`)
    if (place === 'before') form.field(fields)
    form.attach('file', png, 'dot.png')
    if (place === 'after') form.field(fields)
    const { body } = await form.expect(200)
    expect(body).toMatchObject({ type: 'FILE', groupTag: 'g1', properties: { a_b: { cD: 1 } } })
    expect(body.user.id).toBe(user.id)
  })

  it('accepts either naming convention, and a reference to its author as JSON', async () => {
    const user = await createUser(main)
    const { body } = await main
      .post(`/channels/${channel.id}/messages`)
      .set('accept', 'application/vnd.chatkitty+json')
      .field({ group_tag: 'g2', user: JSON.stringify({ id: user.id }), properties: '' })
      .attach('file', png, 'dot.png')
      .expect(200)
    expect(body).toMatchObject({ type: 'FILE', group_tag: 'g2', file: { content_type: 'image/png' } })
    expect(body.user.id).toBe(user.id)
  })

  it('is sent under all four path forms', async () => {
    for (const prefix of ['', '/v1', `/applications/${main.id}`, `/v1/applications/${main.id}`]) {
      const { body } = await supertest(server.url)
        .post(`${prefix}/channels/${channel.id}/messages`)
        .set('authorization', bearer())
        .attach('file', png, 'dot.png')
        .expect(200)
      expect(new URL(body.file.url).pathname).toMatch(/^\/v1\/files\//)
    }
  })

  it('is sent to a thread too', async () => {
    const { id } = await sendFile()
    const { body } = await main.post(`/threads/${id}/messages`).attach('file', png, 'dot.png').expect(200)
    expect(body).toMatchObject({ type: 'SYSTEM_FILE', nestedLevel: 1, file: { type: 'HOSTED' } })
    await read(body.file.url).expect(200)
  })

  it('keeps names of any script, and no paths', async () => {
    const { file } = await sendFile(png, '../Füße 😀?#.png')
    expect(file.name).toBe('Füße 😀?#.png')
    expect(file.url).not.toContain('?')
    const { body, headers } = await read(file.url).expect(200)
    expect(png.equals(body)).toBe(true)
    expect(headers['content-disposition']).toContain(
      "filename*=UTF-8''F%C3%BC%C3%9Fe%20%F0%9F%98%80%3F%23.png",
    )
  })

  it('keeps the type that its sender declared, unless it is a page that is declared a picture', async () => {
    const send = async (content: string, contentType: string) => {
      const form = main.post(`/channels/${channel.id}/messages`)
      const { body } = await form
        .attach('file', Buffer.from(content), { filename: 'a', contentType })
        .expect(200)
      const { headers } = await read(body.file.url).expect(200)
      return [body.file.contentType, headers['content-type'], headers['content-disposition']?.split(';')[0]]
    }
    expect(await send('a,b', 'text/csv')).toEqual(['text/csv', 'text/csv; charset=utf-8', 'attachment'])
    expect(await send('{}', 'application/json')).toEqual([
      'application/json',
      'application/json',
      'attachment',
    ])
    expect(await send('\x1aEß\x00', 'audio/webm')).toEqual(['audio/webm', 'audio/webm', 'inline'])
    expect(await send('<svg onload="alert(1)"/>', 'image/png')).toEqual([
      'image/svg+xml',
      'image/svg+xml',
      'attachment',
    ])
    expect(await send('alert(1)', 'text/javascript')).toEqual([
      'text/javascript',
      'text/plain; charset=utf-8',
      'attachment',
    ])
  })

  it('needs no name', async () => {
    const { body } = await main
      .post(`/channels/${channel.id}/messages`)
      .type('multipart/form-data; boundary=b')
      .send(
        part.replace('; filename="a"', '').replace('image/png', 'application/octet-stream') +
          'x\r\n--b--\r\n',
      )
      .expect(200)
    expect(body.file).toMatchObject({ name: 'file', contentType: 'text/plain', size: 1 })
  })

  it('may have any size up to the limit, zero included', async () => {
    for (const size of [0, sizeMax]) {
      const content = randomBytes(size)
      const { file } = await sendFile(content, 'x')
      expect(file.size).toBe(size)
      const { body, headers } = await read(file.url).expect(200)
      expect(headers['content-length']).toBe(String(size))
      expect(content.equals(body)).toBe(true)
    }
  })
})

describe('an upload that is refused leaves nothing behind', () => {
  const send = () => main.post(`/channels/${channel.id}/messages`)

  it.for<[string, number, Record<string, unknown>, () => supertest.Test]>([
    ['no file', 400, { field: 'file', code: 'missing_field' }, () => send().field('groupTag', 'g')],
    [
      'a file under another name',
      400,
      { field: 'file', code: 'missing_field' },
      () => send().attach('picture', png, 'a'),
    ],
    [
      'a file that is text',
      400,
      { field: 'file', code: 'missing_field' },
      () => send().field('file', 'text'),
    ],
    [
      'two files',
      400,
      { field: 'file', code: 'invalid' },
      () => send().attach('file', png, 'a').attach('file', png, 'b'),
    ],
    ['too large', 413, {}, () => send().attach('file', randomBytes(sizeMax + 1), 'a')],
    ['far too large', 413, {}, () => send().attach('file', randomBytes(8 * sizeMax), 'a')],
    ['too many parts', 413, {}, () => send().attach('file', png, 'a').field(manyFields())],
    [
      'properties that are no JSON',
      400,
      { field: 'properties', code: 'invalid' },
      () => send().attach('file', png, 'a').field('properties', '{'),
    ],
    [
      'properties that are no object',
      400,
      { field: 'properties', code: 'invalid' },
      () => send().attach('file', png, 'a').field('properties', '[]'),
    ],
    [
      'a tag that cannot be stored',
      400,
      { field: 'groupTag', code: 'invalid' },
      () => send().attach('file', png, 'a').field('groupTag', 'a\0b'),
    ],
    ['an unknown author', 404, {}, () => send().attach('file', png, 'a').field('username', 'nobody')],
    ['an unknown channel', 404, {}, () => main.post('/channels/999999/messages').attach('file', png, 'a')],
    ['an unknown user', 404, {}, () => main.post('/users/999999/display-picture').attach('file', png, 'a')],
  ])('%s', async ([, status, problem, act]) => {
    const before = await kept()
    const answer = await act()
    expectRefusal(answer, status)
    expect(answer.body).toMatchObject(problem)
    expect(await kept()).toEqual(before)
  })

  it.for<[string, string, string]>([
    ['no boundary', 'multipart/form-data', 'x'],
    ['nothing in it', 'multipart/form-data; boundary=b', ''],
    ['no end', 'multipart/form-data; boundary=b', `${part}half of it`],
    ['no parts', 'multipart/form-data; boundary=b', 'garbage'],
    ['an end within a head', 'multipart/form-data; boundary=b', part.slice(0, 50)],
  ])('a form with %s', async ([, type, body]) => {
    const before = await kept()
    const answer = await main.post(`/channels/${channel.id}/messages`).type(type).send(body)
    expectRefusal(answer, 400, 'ClientError')
    expect(await kept()).toEqual(before)
  })

  it.for([100_000, 900_000])('a connection that breaks after %i bytes', async (sent) => {
    const before = await kept()
    const client = request(`${server.url}/v1/channels/${channel.id}/messages`, {
      method: 'POST',
      headers: { authorization: bearer(), 'content-type': 'multipart/form-data; boundary=b' },
    })
    client.on('error', () => {})
    client.write(part)
    client.write(Buffer.alloc(sent, 'x'))
    await expect.poll(kept).not.toEqual(before)
    client.destroy()
    await expect.poll(kept).toEqual(before)
  })

  it('in a form to an operation that accepts none', async () => {
    expectRefusal(await main.post('/users').attach('file', png, 'a'), 415, 'UnsupportedMediaTypeError')
  })

  it('and the connection serves the next request', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    const body = Buffer.concat([Buffer.from(part), Buffer.alloc(3 * sizeMax), Buffer.from('\r\n--b--\r\n')])
    const head = (path: string, more: string) =>
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${bearer()}\r\n${more}\r\n\r\n`
    const form = `content-type: multipart/form-data; boundary=b\r\ncontent-length: ${body.length}`
    socket.write(head(`/v1/channels/${channel.id}/messages`, form))
    socket.write(body)
    socket.write(head('/v1/nowhere', 'connection: close\r\ncontent-length: 0'))
    const answers = await text(socket)
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 404'])
  })
})

/** The beginning of a form with the boundary `b`. */
const part =
  '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\ncontent-type: image/png\r\n\r\n'

function manyFields(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 70 }, (_, at) => [`field${at}`, 'x']))
}

describe('a file', () => {
  it('is served with the headers that browsers and caches need', async () => {
    const { file } = await sendFile()
    const { headers, body } = await read(file.url).expect(200)
    expect(png.equals(body)).toBe(true)
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(png.length),
      'content-disposition': 'inline; filename="dot.png"',
      'accept-ranges': 'bytes',
      etag: `"${createHash('sha256').update(png).digest('base64url')}"`,
      'cache-control': 'private, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox'),
      'cross-origin-resource-policy': 'cross-origin',
      'access-control-allow-origin': '*',
    })
    expect(headers.pragma).toBeUndefined()
    expect(headers.expires).toBeUndefined()
  })

  it('is described to HEAD', async () => {
    const { file } = await sendFile()
    const answer = await supertest(server.url)
      .head(new URL(file.url).pathname)
      .set({ authorization: bearer(), range: 'bytes=0-1' })
      .expect(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(png.length),
    })
    expect(answer.text).toBeUndefined()
  })

  it('cannot run scripts in the origin of the server, whatever it is', async () => {
    for (const [content, name, type] of [
      ['<!doctype html><script>alert(1)</script>', 'a.html', 'text/html; charset=utf-8'],
      ['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'a.svg', 'image/svg+xml'],
      ['<?xml version="1.0"?><a/>', 'a.xml', 'application/xml'],
      [Buffer.from([0, 1, 2, 255]), 'a.html', 'application/octet-stream'],
    ] as const) {
      const { file } = await sendFile(Buffer.from(content), name)
      const { headers } = await read(file.url).expect(200)
      expect(headers['content-type']).toBe(type)
      expect(headers['content-disposition']).toMatch(/^attachment/)
      expect(headers['content-security-policy']).toContain('sandbox')
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
    const { file } = await sendFile('Just text', 'a.html')
    const { headers } = await read(file.url).expect(200)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
  })

  it('is served in ranges', async () => {
    const { file } = await sendFile('0123456789', 'digits.txt')
    const etag = (await read(file.url)).headers.etag as string
    const ask = (range: string, more: Record<string, string> = {}) => read(file.url).set({ range, ...more })
    const middle = await ask('bytes=2-5').expect(206)
    expect(middle.body.toString()).toBe('2345')
    expect(middle.headers).toMatchObject({ 'content-range': 'bytes 2-5/10', 'content-length': '4', etag })
    expect((await ask('bytes=-3').expect(206)).body.toString()).toBe('789')
    expect((await ask('bytes=8-').expect(206)).body.toString()).toBe('89')
    expect((await ask('bytes=2-5', { 'if-range': etag }).expect(206)).body.toString()).toBe('2345')
    expect((await ask('bytes=2-5', { 'if-range': '"other"' }).expect(200)).body.toString()).toBe('0123456789')
    expect((await ask('bytes=0-1,4-5').expect(200)).body.toString()).toBe('0123456789')
    const beyond = await at(file.url).set({ authorization: bearer(), range: 'bytes=10-' })
    expectRefusal(beyond, 416, 'RangeNotSatisfiableError')
    expect(beyond.headers['content-range']).toBe('bytes */10')
    expect(beyond.headers['cache-control']).toContain('no-store')
  })

  it('is not sent again to a client that has it cached', async () => {
    const { file } = await sendFile()
    const { etag } = (await read(file.url)).headers as { etag: string }
    const { body, headers } = await read(file.url).set('if-none-match', `"x", ${etag}`).expect(304)
    expect(body).toHaveLength(0)
    expect(headers).toMatchObject({ etag, 'cache-control': 'private, max-age=31536000, immutable' })
    await read(file.url).set('if-none-match', '"x"').expect(200)
  })

  it('is found by its key, whatever name the URL has', async () => {
    const { file } = await sendFile()
    const [, , , key] = new URL(file.url).pathname.split('/')
    for (const path of [`/v1/files/${key}`, `/files/${key}/other.html`]) {
      const { headers } = await read(server.url + path).expect(200)
      expect(headers['content-disposition']).toBe('inline; filename="dot.png"')
    }
  })

  it('does not exist under any other key', async () => {
    for (const key of ['00000000-0000-4000-8000-000000000000', 'x', '..%2f..%2fsecret', '%00']) {
      const path = `${server.url}/v1/files/${key}/a.png`
      expectRefusal(await at(path).set('authorization', bearer()), 404, 'ResourceNotFoundError')
    }
  })
})

describe('a file of a message may be read', () => {
  const grantOf = async (userId: number, access: 'read' | 'write' = 'read', application = main) =>
    server.ctx.grants.give({ access, applicationId: application.id, userId })

  it('with a token of its application, as a backend does', async () => {
    const { file } = await sendFile()
    await at(file.url).set('authorization', bearer()).expect(200)
    await at(file.url).query({ access_token: main.token }).expect(200)
  })

  it('with a read grant of a user, as a client does', async () => {
    const user = await createUser(main)
    const { file } = await sendFile()
    await at(file.url)
      .query(`grant=${await grantOf(user.id)}`)
      .expect(200)
  })

  it('by no others', async () => {
    const { file } = await sendFile()
    const user = await createUser(main)
    expectRefusal(await at(file.url), 401, 'unauthorized')
    expectRefusal(await at(file.url).set('authorization', 'Bearer garbage'), 401, 'invalid_token')
    expectRefusal(await at(file.url).query('grant=garbage'), 403, 'access_denied')
    expectRefusal(await at(file.url).query(`grant=${await grantOf(user.id, 'write')}`), 403, 'access_denied')
    const writer = await tokenWith(server, main, 'create:message')
    expectRefusal(await at(file.url).set('authorization', `Bearer ${writer}`), 403, 'insufficient_scope')

    const other = await server.createApplication()
    const stranger = await createUser(other)
    const grant = await grantOf(stranger.id, 'read', other)
    expectRefusal(await at(file.url).query({ grant }), 404, 'ResourceNotFoundError')
    expectRefusal(await at(file.url).set('authorization', bearer(other)), 404, 'ResourceNotFoundError')
  })

  it('by a user who may see the channel, and no longer once it may not', async () => {
    const [member, outsider, blocked] = [
      await createUser(main),
      await createUser(main),
      await createUser(main),
    ]
    const secret = await createChannel(main, { type: 'PRIVATE', members: [{ id: member.id }] })
    const { body } = await main
      .post(`/channels/${secret.id}/messages`)
      .attach('file', png, 'dot.png')
      .expect(200)
    const as = async (user: { id: number }, url = body.file.url) =>
      at(url).query({ grant: await grantOf(user.id) })
    expect((await as(member)).status).toBe(200)
    expectRefusal(await as(outsider), 404, 'ResourceNotFoundError')
    await main.delete(`/channels/${secret.id}/members/${member.id}`).expect(200)
    expectRefusal(await as(member), 404, 'ResourceNotFoundError')

    const { file } = await sendFile()
    expect((await as(blocked, file.url)).status).toBe(200)
    await server.ctx.db.prisma.channelBlock.create({ data: { channelId: channel.id, userId: blocked.id } })
    expectRefusal(await as(blocked, file.url), 404, 'ResourceNotFoundError')
  })

  it('by backends only where a job wrote it', async () => {
    const user = await createUser(main)
    const { body } = await main.post('/analytics/messages').expect(202)
    const { file } = await endedJob(main, body.id)
    await at(file).set('authorization', bearer()).expect(200)
    expectRefusal(await at(file).query({ grant: await grantOf(user.id) }), 404, 'ResourceNotFoundError')
  })

  it('with an expired grant, while its user has been connected since', async () => {
    const user = await createUser(main)
    const { file } = await sendFile()
    const dayMs = 86_400_000
    const yesterday = openGrants(() => server.ctx.vault.derive('file grants'), {
      now: () => Date.now() - dayMs,
    })
    const grant = await yesterday.give({ access: 'read', applicationId: main.id, userId: user.id })
    const read = () => at(file.url).query({ grant })
    expectRefusal(await read(), 403, 'access_denied')
    const startSession = (createdTime: Date) =>
      server.ctx.db.prisma.userSession.create({
        data: { applicationId: main.id, userId: user.id, key: uuid(), createdTime },
      })
    await startSession(new Date()) // which the grant cannot be of
    expectRefusal(await read(), 403, 'access_denied')
    const { id } = await startSession(new Date(Date.now() - dayMs - 1_000))
    await read().expect(200)
    await server.ctx.db.prisma.userSession.update({ where: { id }, data: { state: 'ENDED' } })
    expectRefusal(await read(), 403, 'access_denied')
  })

  it('no longer by a user who was deleted', async () => {
    const user = await createUser(main)
    const grant = await grantOf(user.id)
    const { file } = await sendFile()
    await main.delete(`/users/${user.id}`).expect(200)
    expectRefusal(await at(file.url).query({ grant }), 403, 'access_denied')
  })
})

describe('a display picture', () => {
  const upload = (id: number) => main.post(`/users/${id}/display-picture`).attach('file', png, 'me.png')

  it('is uploaded, shown with the user, and public', async () => {
    const user = await createUser(main)
    const { body } = await upload(user.id).expect(200)
    expect(body).toMatchObject({ id: user.id, name: user.name })
    expect(body.displayPictureUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/files\/[0-9a-f-]{36}\/me\.png$/)
    expect((await main.get(`/users/${user.id}`).expect(200)).body).toEqual(body)
    const { headers } = await at(body.displayPictureUrl).expect(200)
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
    const { headers: redirect } = await main.get(`/users/${user.id}/display-picture`).expect(302)
    expect(redirect.location).toBe(body.displayPictureUrl)
  })

  it('may be hosted elsewhere', async () => {
    const user = await createUser(main)
    const url = 'https://example.com/me.png'
    for (const picture of [
      { url, name: 'me.png', contentType: 'image/png', size: 10 },
      { url, name: 'me.png', content_type: 'image/png', size: 10 },
    ]) {
      const { body } = await main.post(`/users/${user.id}/display-picture`, picture).expect(200)
      expect(body.displayPictureUrl).toBe(url)
    }
    const answer = await main.post(`/users/${user.id}/display-picture`, { url: 'nowhere' })
    expectRefusal(answer, 400, 'ClientError')
  })

  it('is deleted when another replaces it, and with its user', async () => {
    const user = await createUser(main)
    const before = await kept()
    const first = (await upload(user.id).expect(200)).body.displayPictureUrl
    const second = (await upload(user.id).expect(200)).body.displayPictureUrl
    expectRefusal(await at(first), 404)
    await at(second).expect(200)
    expect(await kept()).toEqual({ rows: before.rows + 1, files: before.files + 1 })
    await main.delete(`/users/${user.id}`).expect(200)
    expectRefusal(await at(second), 404)
    await sweepFiles(server.ctx)
    expect(await kept()).toEqual(before)
  })

  it('is published as a change of its user', async () => {
    const user = await createUser(main)
    const { pool } = server.ctx.db
    await pool.query(`
      create table written (type text, payload jsonb);
      create function note() returns trigger language plpgsql as
        $$ begin insert into written values (new.type, new.payload); return new; end $$;
      create trigger note after insert on outbox_event for each row execute function note()`)
    await upload(user.id).expect(200)
    expect((await pool.query('select * from written')).rows).toEqual([
      { type: 'user.updated', payload: { userId: user.id, picture: true } },
    ])
  })
})

describe('files are deleted', () => {
  it('with their message, at once', async () => {
    const before = await kept()
    const { id, file } = await sendFile()
    expect(await kept()).toEqual({ rows: before.rows + 1, files: before.files + 1 })
    await main.delete(`/messages/${id}`).expect(200)
    expectRefusal(await read(file.url).buffer(), 404)
    expect(await kept()).toEqual(before)
  })

  it('with their channel, and with all messages', async () => {
    const application = await server.createApplication()
    const send = async () => {
      const { id } = await createChannel(application)
      const { body } = await application
        .post(`/channels/${id}/messages`)
        .attach('file', png, 'a.png')
        .expect(200)
      return { id, path: new URL(body.file.url).pathname.replace(/^\/v1/, '') }
    }
    const before = await kept()
    const [first, second] = [await send(), await send()]
    await application.delete(`/channels/${first.id}`).expect(200)
    await application.get(first.path).expect(404)
    await application.get(second.path).expect(200)
    await application.delete('/messages').expect(200)
    await application.get(second.path).expect(404)
    const left = async () => {
      await sweepFiles(server.ctx)
      return kept()
    }
    await expect.poll(left).toEqual(before) // a job removes the messages
  })

  it('with their application', async () => {
    const application = await server.createApplication()
    const { id } = await createChannel(application)
    const before = await kept()
    await application.post(`/channels/${id}/messages`).attach('file', png, 'a.png').expect(200)
    await server.ctx.db.prisma.application.delete({ where: { id: application.id } })
    await sweepFiles(server.ctx)
    expect(await kept()).toEqual(before)
  })

  it('when their upload was killed, and not while it may still be running', async () => {
    const before = await kept()
    const key = '00000000-0000-4000-8000-00000000abcd'
    async function* content() {
      yield png
    }
    const { db, files } = server.ctx
    await db.query(
      {
        text: `insert into file (application_id, key, name, content_type, size, sha256, expires_time)
               values ($1, $2, 'a', 'b', 0, '', now() + interval '1 hour')`,
      },
      [main.id, key],
    )
    await files.put(key, content(), sizeMax)
    await sweepFiles(server.ctx)
    expect(await kept()).toEqual({ rows: before.rows + 1, files: before.files + 1 })
    await read(`${server.url}/v1/files/${key}`).expect(404)
    await db.query({ text: `update file set expires_time = now() - interval '1 s' where key = $1` }, [key])
    await sweepFiles(server.ctx)
    expect(await kept()).toEqual(before)
  })

  it('but not while something refers to them', async () => {
    const { file } = await sendFile()
    await sweepFiles(server.ctx)
    await read(file.url).expect(200)
  })
})

it('a reader who disconnects halfway affects no other', async () => {
  const { file } = await sendFile(randomBytes(sizeMax), 'x')
  const reader = request(file.url, { headers: { authorization: bearer() } }).end()
  const [response] = await once(reader, 'response')
  await once(response, 'data')
  reader.on('error', () => {})
  reader.destroy()
  await read(file.url).expect(200)
})
