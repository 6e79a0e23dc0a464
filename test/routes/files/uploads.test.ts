import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { expectRefusal } from '../../support/protects.ts'
import { openFileWorld, part, png, sizeMax } from './world.ts'

const world = openFileWorld()

describe('an upload that is refused leaves nothing behind', () => {
  const send = () => world.main.post(`/channels/${world.channel.id}/messages`)

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
    [
      'an unknown channel',
      404,
      {},
      () => world.main.post('/channels/999999/messages').attach('file', png, 'a'),
    ],
    [
      'an unknown user',
      404,
      {},
      () => world.main.post('/users/999999/display-picture').attach('file', png, 'a'),
    ],
  ])('%s', async ([, status, problem, act]) => {
    const { kept } = world
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
    const { main, channel, kept } = world
    const before = await kept()
    const answer = await main.post(`/channels/${channel.id}/messages`).type(type).send(body)
    expectRefusal(answer, 400, 'ClientError')
    expect(await kept()).toEqual(before)
  })

  it.for([100_000, 900_000])('a connection that breaks after %i bytes', async (sent) => {
    const { server, channel, bearer, kept } = world
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
    const { main } = world
    expectRefusal(await main.post('/users').attach('file', png, 'a'), 415, 'UnsupportedMediaTypeError')
  })

  it('and the connection serves the next request', async () => {
    const { server, channel, bearer } = world
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

function manyFields(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 70 }, (_, at) => [`field${at}`, 'x']))
}
