import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

describe('the thread of a message', () => {
  it('has the id of the message, and exists from its first use', async () => {
    const channel = await createChannel(server.main)
    const root = await sendMessage(server.main, channel.id)
    const { body } = await server.main.get(`/threads/${root.id}`).expect(200)
    expect(body).toMatchObject({ id: root.id, type: 'MESSAGE', properties: {} })
    expect(Object.keys(body._links)).toEqual(['self', 'channel', 'application'])
    expect((await server.main.get(`/threads/${root.id}`).expect(200)).body).toEqual(body)
  })

  it('holds replies one level deeper, which the message counts and the channel lists', async () => {
    const channel = await createChannel(server.main)
    const user = await createUser(server.main)
    const root = await sendMessage(server.main, channel.id)
    const reply = await server.main
      .post(`/threads/${root.id}/messages`, { type: 'TEXT', body: 'one', user: { id: user.id } })
      .expect(200)
    expect(reply.body).toMatchObject({
      type: 'TEXT',
      nestedLevel: 1,
      channelId: channel.id,
      user: { id: user.id },
    })
    const deeper = await server.main
      .post(`/threads/${reply.body.id}/messages`, { type: 'TEXT', body: 'two' })
      .expect(200)
    expect(deeper.body).toMatchObject({ type: 'SYSTEM_TEXT', nestedLevel: 2 })

    const replies = await server.main.get(`/threads/${root.id}/messages`).expect(200)
    expect(replies.body._embedded.messages.map(({ id }: { id: number }) => id)).toEqual([reply.body.id])
    expect(replies.body.page.total).toBe(1)
    const { body: counted } = await server.main.get(`/messages/${root.id}`).expect(200)
    expect(counted.repliesCount).toBe(1)
    const all = await server.main.get(`/channels/${channel.id}/messages`).expect(200)
    expect(all.body.page.total).toBe(3)
  })

  it('keeps the level of its messages after its own message was deleted', async () => {
    const channel = await createChannel(server.main)
    let parent = await sendMessage(server.main, channel.id)
    const reply = async () => {
      const message = { type: 'TEXT', body: 'one' }
      return (await server.main.post(`/threads/${parent.id}/messages`, message).expect(200)).body
    }
    parent = await reply()
    expect(await reply()).toMatchObject({ nestedLevel: 2 })
    await server.main.delete(`/messages/${parent.id}`).expect(200)
    expect(await reply()).toMatchObject({ nestedLevel: 2 })
  })

  it('is returned when a reply is deleted', async () => {
    const channel = await createChannel(server.main)
    const root = await sendMessage(server.main, channel.id)
    const { body: reply } = await server.main
      .post(`/threads/${root.id}/messages`, { type: 'TEXT', body: 'gone' })
      .expect(200)
    const { body } = await server.main.delete(`/messages/${reply.id}`).expect(200)
    expect(body).toMatchObject({ id: root.id, type: 'MESSAGE' })
    expect((await server.main.get(`/threads/${root.id}/messages`)).body.page.total).toBe(0)
    expect((await server.main.get(`/messages/${root.id}`)).body.repliesCount).toBe(0)
  })
})

describe("a channel's main thread", () => {
  it('holds what was sent to the channel, and no replies', async () => {
    const channel = await createChannel(server.main)
    const root = await sendMessage(server.main, channel.id)
    await server.main.post(`/threads/${root.id}/messages`, { type: 'TEXT', body: 'reply' }).expect(200)
    const other = await sendMessage(server.main, channel.id)
    const { body: main } = await server.main.delete(`/messages/${other.id}`).expect(200)
    expect(main.type).toBe('MAIN')
    await server.main.post(`/threads/${main.id}/messages`, { type: 'TEXT', body: 'main again' }).expect(200)
    const { body } = await server.main.get(`/threads/${main.id}/messages`).expect(200)
    expect(body._embedded.messages.map((message: { body: string }) => message.body)).toEqual([
      'main again',
      'Hello, World!',
    ])
    expect(body.page.total).toBe(2)
  })
})

it('an unknown thread answers 404', async () => {
  await server.main.get('/threads/987654321').expect(404)
  await server.main.get('/threads/987654321/messages').expect(404)
  await server.main.post('/threads/987654321/messages', { type: 'TEXT', body: 'x' }).expect(404)
})

it('keystrokes are answered with the draft and the name of the typing user', async () => {
  const channel = await createChannel(server.main)
  const user = await createUser(server.main)
  const root = await sendMessage(server.main, channel.id)
  for (const path of [`/channels/${channel.id}/keystrokes`, `/threads/${root.id}/keystrokes`]) {
    const { body } = await server.main.post(path, { keys: 'Hel', user: { username: user.name } }).expect(200)
    expect(body).toMatchObject({ keys: 'Hel', username: user.name })
    await server.main.post(path, { keys: 'Hel', user: { username: 'nobody' } }).expect(404)
    await server.main.post(path, { user: { id: user.id } }).expect(400)
  }
})
