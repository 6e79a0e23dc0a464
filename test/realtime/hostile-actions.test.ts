// Hostile subscriptions and actions get a clear error.

import { describe, expect, it } from 'vitest'
import { channelHypermedia } from '#resources/channel.ts'
import { messageHypermedia } from '#resources/message.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import { frame } from '../stomp/stomp-client.ts'
import { sendMessage } from '../support/factories.ts'
import { ask, isAbout, isError, openWorld, waitForFrame } from './hostile.ts'

const world = openWorld()
const { expectNothingIsLeft, open, mallory } = world

/** A body with the fields of all actions. */
const anyBody = JSON.stringify({
  type: 'TEXT',
  body: 'x',
  keys: 'x',
  name: 'x',
  emoji: 'thumbs_up',
  user: { id: 1, username: 'alice' },
  member: { id: 1 },
  muted: true,
})

// test/security tests the permissions of each destination.
describe('data of other users', () => {
  it('cannot be reached under any other name', async () => {
    const client = await mallory()
    const id = world.channel.id
    const names = [
      `/topic/channels/${id}.messages/../x`,
      `/topic/channels/0${id}.nothing`,
      `/topic/channels/${id}.__proto__`,
      `/topic/channels/${id}.constructor`,
      `/topic/users/-1.messages`,
      `/topic/users/${'9'.repeat(400)}.messages`,
      '/topic/',
      '/user/queue/others',
      '/application/',
      '/application/user.__proto__.relay',
      '/application/channels/1e3.relay',
      `/application/channels/${id}%00.relay`,
      `/application/${'a'.repeat(10_000)}.relay`,
      '',
    ]
    for (const name of names) {
      expect([name, await ask(client, 'SUBSCRIBE', name)]).toEqual([name, 'ResourceNotFoundError'])
      expect([name, await ask(client, 'SEND', name, anyBody)]).toEqual([name, 'ResourceNotFoundError'])
    }
    client.ws.terminate()
  })

  it.each([
    ['no key', ''],
    ['an unknown key', 'nobody'],
    ['a key with a NUL', 'a\0b'],
  ])('cannot be reached with %s, and the error tells the client not to reconnect', async (_what, apiKey) => {
    const client = await open({ apiKey })
    client.send(frame('CONNECT', { 'accept-version': '1.2', 'StompX-User': 'mallory' }))
    const { command, body } = await client.next()
    expect([command, JSON.parse(body).error]).toEqual(['ERROR', 'AccessDeniedError'])
    await client.closed
  })
})

it.each(['', 'undefined', 'null'])('the username "%s" belongs to no user, and is refused', async (name) => {
  const client = await open()
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'StompX-User': name }))
  const { command, body } = await client.next()
  expect([command, JSON.parse(body).error]).toEqual(['ERROR', 'AccessDeniedError'])
  await client.closed
})

describe('null in the body of an action', () => {
  const nothing = { groupTag: null, properties: null }
  it('counts as absent where the field is optional, and is refused where it is required', async () => {
    const client = await mallory({ name: 'bob' })
    const message = channelHypermedia.actions.message.at({ id: world.channel.id })
    const { createChannel } = currentUserHypermedia.actions
    const write = (body: object) => ask(client, 'SEND', message, JSON.stringify({ type: 'TEXT', ...body }))
    expect(await write({ body: 'x', ...nothing })).toBe('granted')
    expect(await write({ body: null })).toBe('ValidationError')
    const open = {
      type: 'PUBLIC',
      name: 'nulls',
      displayName: null,
      members: null,
      creator: null,
      ...nothing,
    }
    expect(await ask(client, 'SEND', createChannel.at({}), JSON.stringify(open))).toBe('granted')
    client.ws.terminate()
  })
})

describe('bodies', () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  it.each([
    ['no JSON', 'hello'],
    ['half of it', '{"type":"TEXT"'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1e999'],
    ['text', '"TEXT"'],
    ['a wrong type', '{"type":"NOISE","body":"x"}'],
    ['a wrong field', '{"type":"TEXT","body":{"a":1}}'],
    ['a body that is missing', '{"type":"TEXT"}'],
    ['a NUL in it', '{"type":"TEXT","body":"a\\u0000b"}'],
    ['a prototype', '{"__proto__":{"type":"TEXT","body":"x"}}'],
    ['a great depth', deep],
    ['a great depth of properties', `{"type":"TEXT","body":"x","properties":{"a":${deep}}}`],
    ['a megabyte of text', `{"type":"TEXT","body":"${'x'.repeat(1_000_000)}"}`],
  ])('with %s are refused, and the connection stays open', async (_what, body) => {
    const client = await mallory({ name: 'bob' })
    const { message } = channelHypermedia.actions
    expect(await ask(client, 'SEND', message.at({ id: world.channel.id }), body)).toBe('ValidationError')
    expect(await ask(client, 'SUBSCRIBE', channelHypermedia.relays.self.at({ id: world.channel.id }))).toBe(
      'granted',
    )
    client.ws.terminate()
  })

  it('that are not UTF-8 are refused', async () => {
    const client = await mallory({ name: 'bob' })
    const destination = channelHypermedia.actions.message.at({ id: world.channel.id })
    client.send(
      Buffer.concat([
        Buffer.from(`SEND\ndestination:${destination}\nreceipt:r\n\n{"type":"TEXT","body":"`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}\0'),
      ]),
    )
    expect(JSON.parse((await waitForFrame(client, isAbout('r'))).body).error).toBe('ValidationError')
    client.ws.terminate()
  })

  it('that change a file are refused with the message of the schema library, which names the field', async () => {
    const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 3 }
    const { id } = await sendMessage(world.server.main, world.channel.id, {
      type: 'FILE',
      body: undefined,
      file,
      user: { username: 'mallory' },
    })
    const client = await mallory()
    client.send(
      frame('SEND', { destination: messageHypermedia.actions.edit.at({ id }), receipt: 'r' }, '{"body":"x"}'),
    )
    const message = 'A file message has no body'
    expect(JSON.parse((await waitForFrame(client, isAbout('r'))).body)).toEqual({
      error: 'ValidationError',
      message,
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      errors: [{ resource: 'message', field: 'body', code: 'invalid', message }],
    })
    client.ws.terminate()
  })

  it('fail the connection of a client that does not subscribe to errors, with the same message', async () => {
    const client = await mallory({ isDeaf: true })
    client.send(frame('SEND', { destination: '/application/user.update', receipt: 'r' }, 'hello'))
    const { body } = await waitForFrame(client, isError)
    expect(JSON.parse(body)).toEqual({
      error: 'ValidationError',
      message: 'The body must be JSON in UTF-8',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    await client.closed
    await expectNothingIsLeft()
  })
})
