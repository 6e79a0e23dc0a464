// Files that users send with a grant.
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAdmin } from '../support/admin.ts'
import type { ChannelDocument, UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { expectRefusal } from '../support/protects.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let user: UserDocument
let channel: ChannelDocument
beforeAll(async () => {
  server = await startServer()
  user = await createUser(server.main)
  channel = await createChannel(server.main, { members: [{ id: user.id }] })
})
afterAll(() => server.close())

const grantOf = (userId: number, access: 'read' | 'write' = 'write') =>
  server.ctx.grants.give({ access, applicationId: server.main.id, userId })

const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

/** An upload like that of the official client: all parts except the file are JSON. */
function upload(path: string, grant: string | undefined, parts: Record<string, unknown> = {}) {
  const request = supertest(server.url).post(`/v1/runtime${path}`)
  if (grant !== undefined) request.set('grant', grant)
  for (const [name, value] of Object.entries(parts)) request.field(name, JSON.stringify(value))
  return request.attach('file', png, 'a b.png')
}

const files = async () => {
  const [row] = await server.ctx.db.query({ text: 'select count(*) from file' }, [])
  return row?.[0]
}

describe('a file', () => {
  it("becomes a message of the grant's user, who is answered with the real-time resource", async () => {
    const answer = await upload(`/channels/${channel.id}/messages`, await grantOf(user.id), {
      groupTag: 'g1',
      properties: { Nested_key: [1] },
    }).expect(201)
    const { body } = answer
    expect(answer.type).toBe('application/json')
    expect(body).toMatchObject({
      type: 'FILE',
      channelId: channel.id,
      user: { id: user.id, _actions: { block: `/application/users/${user.id}.block` } },
      groupTag: 'g1',
      properties: { Nested_key: [1] },
      file: { type: 'HOSTED', name: 'a b.png', contentType: 'image/png', size: png.length },
      nestedLevel: 0,
      _relays: { self: `/application/messages/${body.id}.relay` },
      _streams: { replies: `/v1/runtime/messages/${body.id}/replies` },
    })
    expect(body).not.toHaveProperty('_links')
    expect(body.file.url.startsWith(`${server.url}/v1/files/`)).toBe(true)
    const read = await grantOf(user.id, 'read')
    const { body: bytes } = await supertest(body.file.url).get(`?grant=${read}`).expect(200)
    expect(bytes).toEqual(png)
    const { body: stored } = await server.main.get(`/messages/${body.id}`).expect(200)
    expect(stored).toMatchObject({ groupTag: 'g1', user: { id: user.id } })
  })

  it('is published with the type that its sender declared', async () => {
    const { body } = await supertest(server.url)
      .post(`/v1/runtime/channels/${channel.id}/messages`)
      .set('grant', await grantOf(user.id))
      .attach('file', Buffer.from('a,b'), { filename: 'a.csv', contentType: 'text/csv' })
      .expect(201)
    expect(body.file.contentType).toBe('text/csv')
  })

  it('becomes a reply, and a message of a thread', async () => {
    const root = await sendMessage(server.main, channel.id, { user: { id: user.id } })
    const grant = await grantOf(user.id)
    const reply = await upload(`/messages/${root.id}/replies`, grant).expect(201)
    expect(reply.body).toMatchObject({
      type: 'FILE',
      nestedLevel: 1,
      user: { id: user.id },
      _relays: { parent: `/application/messages/${reply.body.id}.parent.relay` },
    })
    const second = await upload(`/threads/${root.id}/messages`, grant).expect(201)
    expect(second.body).toMatchObject({ type: 'FILE', nestedLevel: 1, user: { id: user.id } })
    const { body } = await server.main.get(`/threads/${root.id}/messages`).expect(200)
    expect(body._embedded.messages.map(({ id }: { id: number }) => id)).toEqual([
      second.body.id,
      reply.body.id,
    ])
  })

  it('is refused from a user who was banned after the grant was given', async () => {
    const banned = await createUser(server.main)
    const grants = { write: await grantOf(banned.id), read: await grantOf(banned.id, 'read') }
    const { body } = await upload(`/users/${banned.id}/display-picture`, grants.write).expect(200)
    const moderator = await createAdmin(server, 'moderator')
    await moderator
      .post(`/applications/${server.main.id}/users/${banned.id}/ban`, { reason: 'spam' })
      .expect(200)
    expectRefusal(await upload(`/users/${banned.id}/display-picture`, grants.write), 403, 'access_denied')
    const { body: now } = await server.main.get(`/users/${banned.id}`).expect(200)
    expect(now.displayPictureUrl).toBe(body.displayPictureUrl)
    const message = await upload(`/channels/${channel.id}/messages`, await grantOf(user.id)).expect(201)
    expectRefusal(await supertest(message.body.file.url).get(`?grant=${grants.read}`), 403, 'access_denied')
  })

  it("becomes the user's own display picture, which is public", async () => {
    const { body } = await upload(`/users/${user.id}/display-picture`, await grantOf(user.id)).expect(200)
    expect(body).toMatchObject({
      id: user.id,
      _topics: { self: `/topic/users/${user.id}.self` },
      _streams: { displayPicture: `/v1/runtime/users/${user.id}/display-picture` },
    })
    await supertest(body.displayPictureUrl).get('').expect(200)
  })
})

describe('is refused, and leaves no file behind,', () => {
  it('without a grant, or with one that is forged, for reading, or of a deleted user', async () => {
    const before = await files()
    const gone = await createUser(server.main)
    const late = await grantOf(gone.id)
    await server.main.delete(`/users/${gone.id}`).expect(200)
    const path = `/channels/${channel.id}/messages`
    expectRefusal(await upload(path, undefined), 401, 'unauthorized')
    const grant = await grantOf(user.id)
    for (const wrong of ['x', `${grant.slice(0, -2)}AA`, await grantOf(user.id, 'read'), late]) {
      expectRefusal(await upload(path, wrong), 403, 'access_denied')
    }
    expect(await files()).toBe(before)
  })

  it('with large parts beside the file, or many', async () => {
    const before = await files()
    const path = `/channels/${channel.id}/messages`
    const grant = await grantOf(user.id)
    const parts = (count: number, value: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`part${at}`, value]))
    for (const given of [parts(6, 'x'.repeat(60_000)), parts(1, 'x'.repeat(300_000)), parts(11, 'x')]) {
      expectRefusal(await upload(path, grant, given), 413, 'PayloadTooLargeError')
    }
    expect(await files()).toBe(before)
  })

  it("for another user's picture, an unknown channel, one of another application, and with wrong parts", async () => {
    const before = await files()
    const grant = await grantOf(user.id)
    const other = await createUser(server.main)
    const stranger = await createChannel(await server.createApplication())
    const open = await createChannel(server.main)
    const { status, body } = await upload(`/users/${other.id}/display-picture`, grant)
    expect([status, body.error]).toEqual([403, 'AccessDeniedError'])
    const outside = await upload(`/channels/${open.id}/messages`, grant)
    expect([outside.status, outside.body.error]).toEqual([403, 'AccessDeniedError'])
    expectRefusal(await upload('/channels/4000000000/messages', grant), 404, 'ResourceNotFoundError')
    expectRefusal(await upload(`/channels/${stranger.id}/messages`, grant), 404, 'ResourceNotFoundError')
    expectRefusal(await upload('/channels/none/messages', grant), 400, 'ClientError')
    const path = `/channels/${channel.id}/messages`
    const wrong = await upload(path, grant, { properties: 'text' })
    expectRefusal(wrong, 400, 'ClientError')
    expect(wrong.body).toMatchObject({ field: 'properties' })
    expect(await files()).toBe(before)
  })

  it('that is no form, or has no file', async () => {
    const path = `/v1/runtime/channels/${channel.id}/messages`
    const grant = await grantOf(user.id)
    const json = await supertest(server.url).post(path).set('grant', grant).send({ type: 'TEXT' })
    expectRefusal(json, 415, 'UnsupportedMediaTypeError')
    const empty = await supertest(server.url).post(path).set('grant', grant).field('groupTag', '"g"')
    expectRefusal(empty, 400, 'ClientError')
    expect(empty.body).toMatchObject({ field: 'file', code: 'missing_field' })
  })
})

it('browsers of any origin may send the grant', async () => {
  const answer = await supertest(server.url)
    .options(`/v1/runtime/channels/${channel.id}/messages`)
    .set('origin', 'https://app.example.com')
    .set('access-control-request-method', 'POST')
    .set('access-control-request-headers', 'grant,content-type')
  expect(answer.status).toBe(204)
  expect(answer.headers['access-control-allow-headers']).toMatch(/\bgrant\b/i)
})

describe('several files in one form, as mobile clients send them', () => {
  const send = (path: string, grant: string, names: string[]) => {
    const request = supertest(server.url).post(`/v1/runtime${path}`).set('grant', grant)
    for (const name of names) request.attach('file', png, name)
    return request.field('groupTag', JSON.stringify('together'))
  }

  it('become a message each, in their order, and the first of them is returned', async () => {
    const den = await createChannel(server.main, { members: [{ id: user.id }] })
    const names = ['a.png', 'b.png', 'c.png']
    const { body } = await send(`/channels/${den.id}/messages`, await grantOf(user.id), names).expect(201)
    expect(body.file.name).toBe('a.png')
    const { body: list } = await server.main.get(`/channels/${den.id}/messages`).expect(200)
    const sent = list._embedded.messages.map(({ file, groupTag }: Record<string, unknown>) => ({
      name: (file as { name: string }).name,
      groupTag,
    }))
    expect(sent.toReversed()).toEqual(names.map((name) => ({ name, groupTag: 'together' })))
  })

  it('are refused, and none is stored, where there are more than ten, or for a picture', async () => {
    const before = await files()
    const grant = await grantOf(user.id)
    const eleven = Array.from({ length: 11 }, (_, at) => `${at}.png`)
    await send(`/channels/${channel.id}/messages`, grant, eleven).expect(400)
    await send(`/users/${user.id}/display-picture`, grant, ['a.png', 'b.png']).expect(400)
    expect(await files()).toEqual(before)
  })
})
