import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { describe, expect, it } from 'vitest'
import { openGrants } from '#files/grants.ts'
import { createChannel, createUser } from '../../support/factories.ts'
import { endedJob } from '../../support/jobs.ts'
import { expectRefusal, tokenWith } from '../../support/protects.ts'
import { openFileWorld, png, sizeMax } from './world.ts'

const world = openFileWorld()

describe('a file', () => {
  it('is served with the headers that browsers and caches need', async () => {
    const { read, sendFile } = world
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
    const { server, bearer, sendFile } = world
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
    const { read, sendFile } = world
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
    const { at, bearer, read, sendFile } = world
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
    const { read, sendFile } = world
    const { file } = await sendFile()
    const { etag } = (await read(file.url)).headers as { etag: string }
    const { body, headers } = await read(file.url).set('if-none-match', `"x", ${etag}`).expect(304)
    expect(body).toHaveLength(0)
    expect(headers).toMatchObject({ etag, 'cache-control': 'private, max-age=31536000, immutable' })
    await read(file.url).set('if-none-match', '"x"').expect(200)
  })

  it('is found by its key, whatever name the URL has', async () => {
    const { server, read, sendFile } = world
    const { file } = await sendFile()
    const [, , , key] = new URL(file.url).pathname.split('/')
    for (const path of [`/v1/files/${key}`, `/files/${key}/other.html`]) {
      const { headers } = await read(server.url + path).expect(200)
      expect(headers['content-disposition']).toBe('inline; filename="dot.png"')
    }
  })

  it('does not exist under any other key', async () => {
    const { server, at, bearer } = world
    for (const key of ['00000000-0000-4000-8000-000000000000', 'x', '..%2f..%2fsecret', '%00']) {
      const path = `${server.url}/v1/files/${key}/a.png`
      expectRefusal(await at(path).set('authorization', bearer()), 404, 'ResourceNotFoundError')
    }
  })
})

describe('a file of a message may be read', () => {
  const grantOf = async (userId: number, access: 'read' | 'write' = 'read', application = world.main) =>
    world.server.ctx.grants.give({ access, applicationId: application.id, userId })

  it('with a token of its application, as a backend does', async () => {
    const { main, at, bearer, sendFile } = world
    const { file } = await sendFile()
    await at(file.url).set('authorization', bearer()).expect(200)
    await at(file.url).query({ access_token: main.token }).expect(200)
  })

  it('with a read grant of a user, as a client does', async () => {
    const { main, at, sendFile } = world
    const user = await createUser(main)
    const { file } = await sendFile()
    await at(file.url)
      .query(`grant=${await grantOf(user.id)}`)
      .expect(200)
  })

  it('by no others', async () => {
    const { server, main, at, bearer, sendFile } = world
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
    const { server, main, channel, at, sendFile } = world
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
    const { main, at, bearer } = world
    const user = await createUser(main)
    const { body } = await main.post('/analytics/messages').expect(202)
    const { file } = await endedJob(main, body.id)
    await at(file).set('authorization', bearer()).expect(200)
    expectRefusal(await at(file).query({ grant: await grantOf(user.id) }), 404, 'ResourceNotFoundError')
  })

  it('with an expired grant, while its user has been connected since', async () => {
    const { server, main, at, sendFile } = world
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
    const { main, at, sendFile } = world
    const user = await createUser(main)
    const grant = await grantOf(user.id)
    const { file } = await sendFile()
    await main.delete(`/users/${user.id}`).expect(200)
    expectRefusal(await at(file.url).query({ grant }), 403, 'access_denied')
  })
})

it('a reader who disconnects halfway affects no other', async () => {
  const { bearer, read, sendFile } = world
  const { file } = await sendFile(randomBytes(sizeMax), 'x')
  const reader = request(file.url, { headers: { authorization: bearer() } }).end()
  const [response] = await once(reader, 'response')
  await once(response, 'data')
  reader.on('error', () => {})
  reader.destroy()
  await read(file.url).expect(200)
})
