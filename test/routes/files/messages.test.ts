import { randomBytes } from 'node:crypto'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { createUser } from '../../support/factories.ts'
import { openFileWorld, part, png, sizeMax } from './world.ts'

const world = openFileWorld()

describe('a message with a file', () => {
  it('shows what the file is, at a URL without a query', async () => {
    const { main, channel } = world
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
    const { main, channel } = world
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
    const { main, channel } = world
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

  it('accepts its other parts as Blobs, which a FormData names as files', async () => {
    const { main, channel } = world
    const user = await createUser(main)
    const json = (value: object): [Buffer, object] => [
      Buffer.from(JSON.stringify(value)),
      { filename: 'blob', contentType: 'application/json' },
    ]
    const { body } = await main
      .post(`/channels/${channel.id}/messages`)
      .attach('user', ...json({ id: user.id }))
      .attach('file', png, 'dot.png')
      .attach('properties', ...json({ a: 'é' }))
      .attach('group_tag', Buffer.from('g3'), 'blob')
      .attach('unknown', ...json({}))
      .expect(200)
    expect(body).toMatchObject({ type: 'FILE', groupTag: 'g3', properties: { a: 'é' } })
    expect(body.user.id).toBe(user.id)
  })

  it('is sent under all four path forms', async () => {
    const { server, main, channel, bearer } = world
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
    const { main, read, sendFile } = world
    const { id } = await sendFile()
    const { body } = await main.post(`/threads/${id}/messages`).attach('file', png, 'dot.png').expect(200)
    expect(body).toMatchObject({ type: 'SYSTEM_FILE', nestedLevel: 1, file: { type: 'HOSTED' } })
    await read(body.file.url).expect(200)
  })

  it('keeps names of any script, and no paths', async () => {
    const { read, sendFile } = world
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
    const { main, channel, read } = world
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
    const { main, channel } = world
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
    const { read, sendFile } = world
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
