import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { expectRefusal } from '../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
beforeAll(async () => {
  server = await shareServer()
  main = server.main
})
afterAll(() => server.close())

const missing = 4_000_000_000

describe('createUser', () => {
  it('answers with the user and its links', async () => {
    const { body } = await main
      .post('/users', { name: 'jane', displayName: 'Jane Doe', isGuest: true, properties: { a_b: 1 } })
      .expect(200)
    expect(body).toEqual({
      id: expect.any(Number),
      type: 'PERSON',
      name: 'jane',
      displayName: 'Jane Doe',
      displayPictureUrl: `${server.url}/v1/picture/Jane+Doe`,
      isGuest: true,
      callStatus: 'AVAILABLE',
      presence: { status: 'UNAVAILABLE', online: false },
      properties: { a_b: 1 },
      _links: expect.any(Object),
    })
    expect(Object.keys(body._links)).toEqual([
      'self',
      'channels',
      'notifications',
      'displayPicture',
      'application',
    ])
    const again = await main.get(`/users/${body.id}`).expect(200)
    expect(again.body).toEqual(body)
  })

  it('accepts fields in either naming convention, and each of the names for a guest', async () => {
    for (const guest of ['isGuest', 'is_guest', 'guest']) {
      const user = await createUser(main, {
        display_name: 'Snake',
        displayName: undefined,
        isGuest: undefined,
        [guest]: true,
      })
      expect(user).toMatchObject({ displayName: 'Snake', isGuest: true })
    }
  })

  it('creates no guest unless the request says so', async () => {
    const user = await createUser(main, { isGuest: undefined })
    expect(user).toMatchObject({ isGuest: false, properties: {} })
  })

  it('keeps hostile keys of properties as data', async () => {
    const user = await createUser(main, { properties: JSON.parse('{"__proto__":{"x":1},"constructor":2}') })
    const { text } = await main.get(`/users/${user.id}`).expect(200)
    expect(text).toContain('"__proto__":{"x":1}')
    expect(text).toContain('"constructor":2')
  })

  it('refuses a name that is taken, in its own application only', async () => {
    const { name } = await createUser(main)
    const answer = await main.post('/users', { name, displayName: 'Again' })
    expectRefusal(answer, 400, 'ClientError')
    expect(answer.body).toMatchObject({ resource: 'user', field: 'name', code: 'already_exists' })
    await createUser(await server.createApplication(), { name })
  })

  it('accepts a name once for concurrent requests', async () => {
    const user = { name: `raced-${uuid()}`, displayName: 'Raced' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => main.post('/users', user)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)])
  })

  it('names the missing fields', async () => {
    const answer = await main.post('/users', {})
    expectRefusal(answer, 400)
    expect(answer.body.errors).toEqual([
      { resource: 'user', field: 'name', code: 'missing_field', message: 'name is required' },
      { resource: 'user', field: 'displayName', code: 'missing_field', message: 'displayName is required' },
    ])
    expect(answer.body).not.toHaveProperty('field')
  })
})

describe('retrieveUser', () => {
  it('answers 404 for a user that does not exist', async () => {
    expectRefusal(await main.get(`/users/${missing}`), 404, 'ResourceNotFoundError')
  })
})

describe('checkUserExists', () => {
  it('answers 200 without a body for the exact name, 404 for any other', async () => {
    const name = `jean luc+${uuid()}`
    await createUser(main, { name })
    const found = await main.head(`/users?name=${encodeURIComponent(name)}`).expect(200)
    expect(found.text).toBeUndefined()
    await main.head(`/users?name=${encodeURIComponent(name.toUpperCase())}`).expect(404)
    await main.head(`/users?name=${uuid()}`).expect(404)
  })

  it('requires a name', async () => {
    await main.head('/users').expect(400)
    await main.head('/users?name=').expect(400)
  })
})

describe('updateUser', () => {
  it('merges a patch: null removes, objects merge, everything else replaces', async () => {
    const properties = { keep: 1, drop: 2, deep: { keep: [1], drop: 2 }, list: [1, 2] }
    const user = await createUser(main, { properties })
    const { body } = await main
      .patch(`/users/${user.id}`, {
        displayName: 'New',
        presence: { status: 'AWAY' },
        properties: { drop: null, deep: { drop: null, add: 3 }, list: [3] },
        name: 'ignored',
      })
      .expect(200)
    expect(body).toEqual({
      ...user,
      displayName: 'New',
      displayPictureUrl: `${server.url}/v1/picture/New`,
      presence: { status: 'AWAY', online: false },
      properties: { keep: 1, deep: { keep: [1], add: 3 }, list: [3] },
    })
    expect((await main.get(`/users/${user.id}`)).body).toEqual(body)
  })

  it('empties the properties for null', async () => {
    const user = await createUser(main, { properties: { a: 1 } })
    const { body } = await main.patch(`/users/${user.id}`, { properties: null }).expect(200)
    expect(body.properties).toEqual({})
  })

  it('accepts either naming convention with each media type of merge patches', async () => {
    const user = await createUser(main)
    const types = [
      'application/json',
      'application/json+merge-patch',
      'application/merge-patch+json',
      'application/vnd.chatkitty+json',
    ]
    for (const type of types) {
      const { body } = await main
        .patch(`/users/${user.id}`)
        .type(type)
        .send(JSON.stringify({ is_guest: true, display_name: type }))
      expect(body).toMatchObject({ isGuest: true, displayName: type })
    }
  })

  it('changes nothing for an empty patch or without a body', async () => {
    const user = await createUser(main)
    expect((await main.patch(`/users/${user.id}`, {}).expect(200)).body).toEqual(user)
    expect((await main.patch(`/users/${user.id}`).expect(200)).body).toEqual(user)
    const blank = main.patch(`/users/${user.id}`).type('application/json+merge-patch').send('')
    expect((await blank.expect(200)).body).toEqual(user)
  })

  it('keeps what concurrent patches add', async () => {
    const user = await createUser(main)
    const keys = Array.from({ length: 10 }, (_, at) => `key${at}`)
    await Promise.all(
      keys.map((key) => main.patch(`/users/${user.id}`, { properties: { [key]: 1 } }).expect(200)),
    )
    const { body } = await main.get(`/users/${user.id}`)
    expect(Object.keys(body.properties).sort()).toEqual(keys)
  })

  it('refuses to remove required fields', async () => {
    const user = await createUser(main)
    const answer = await main.patch(`/users/${user.id}`, { displayName: null })
    expectRefusal(answer, 400)
    expect(answer.body).toMatchObject({ field: 'displayName', code: 'invalid' })
    expectRefusal(await main.patch(`/users/${missing}`, {}), 404)
  })
})

describe('deleteUser', () => {
  it('answers with the application, and the name is available again', async () => {
    const user = await createUser(main)
    const { body } = await main.delete(`/users/${user.id}`).expect(200)
    expect(body).toMatchObject({ id: main.id, key: main.apiKey })
    expectRefusal(await main.get(`/users/${user.id}`), 404)
    expectRefusal(await main.patch(`/users/${user.id}`, {}), 404)
    expectRefusal(await main.delete(`/users/${user.id}`), 404)
    await main.head(`/users?name=${user.name}`).expect(404)
    const heir = await createUser(main, { name: user.name })
    expect(heir.id).not.toBe(user.id)
  })

  it('keeps what the user wrote, with its author', async () => {
    const user = await createUser(main)
    const channel = await createChannel(main, { creator: { id: user.id } })
    const message = await sendMessage(main, channel.id, { user: { id: user.id }, body: `<@${user.name}>` })
    await main.delete(`/users/${user.id}`).expect(200)
    const kept = await main.get(`/messages/${message.id}`).expect(200)
    expect(kept.body).toEqual(message)
    const of = await main.get(`/channels/${channel.id}`).expect(200)
    expect(of.body.creator).toMatchObject({ id: user.id, name: user.name })
  })

  it('removes the user from its channels', async () => {
    const [user, stays] = [await createUser(main), await createUser(main)]
    const channel = await createChannel(main, { members: [{ id: user.id }, { id: stays.id }] })
    await main.delete(`/users/${user.id}`).expect(200)
    const { body } = await main.get(`/channels/${channel.id}/members`)
    expect(body._embedded.users).toEqual([stays])
    expect(body.page.totalElements).toBe(1)
    expectRefusal(await main.get(`/users/${user.id}/channels`), 404)
    expectRefusal(await main.post(`/channels/${channel.id}/members`, { id: user.id }), 404)
    expectRefusal(
      await main.post(`/channels/${channel.id}/messages`, {
        type: 'TEXT',
        body: 'x',
        user: { username: user.name },
      }),
      404,
    )
  })
})

describe('listUserChannels', () => {
  it("lists the user's channels by name", async () => {
    const user = await createUser(main)
    const members = [{ username: user.name }]
    const names = ['b', 'A', 'c'].map((name) => `${name}-${uuid()}`)
    for (const name of names) await createChannel(main, { name, members })
    await createChannel(main)
    const { body } = await main.get(`/users/${user.id}/channels`).expect(200)
    expect(body._embedded.channels.map(({ name }: { name: string }) => name)).toEqual([
      names[1],
      names[0],
      names[2],
    ])
    expect(body.page.totalElements).toBe(3)
    expectRefusal(await main.get(`/users/${missing}/channels`), 404)
  })
})

describe('listUserMessages', () => {
  it('lists what the user sent, newest first, across channels', async () => {
    const [user, other] = [await createUser(main), await createUser(main)]
    const channels = [await createChannel(main), await createChannel(main)]
    const sent = []
    for (const { id } of channels) {
      sent.unshift(await sendMessage(main, id, { user: { id: user.id } }))
      await sendMessage(main, id, { user: { id: other.id } })
      await sendMessage(main, id)
    }
    const { body } = await main.get(`/users/${user.id}/messages`).expect(200)
    expect(body._embedded.messages).toEqual(sent)
    expect(body.page.total).toBe(2)
    expectRefusal(await main.get(`/users/${missing}/messages`), 404)
  })
})

describe('secrets', () => {
  it('keeps any JSON value under a name with spaces, and never shows it with the user', async () => {
    const user = await createUser(main)
    const path = `/users/${user.id}/secrets/${encodeURIComponent('my secret / ключ')}`
    for (const secret of ['text', 7, false, null, ['a'], { __proto: { a_b: 1 } }]) {
      const set = await main.put(path, { secret }).expect(200)
      expect(set.body).toEqual(user)
      const { body } = await main.get(path).expect(200)
      expect(body).toEqual({ secret, _links: expect.any(Object) })
    }
  })

  it('is deleted when it is removed, and with its user', async () => {
    const user = await createUser(main)
    const path = `/users/${user.id}/secrets/token`
    await main.put(path, { secret: 'x' }).expect(200)
    expect((await main.delete(path).expect(200)).body).toEqual(user)
    expectRefusal(await main.get(path), 404)
    expectRefusal(await main.delete(path), 404)
    await main.put(path, { secret: 'x' }).expect(200)
    await main.delete(`/users/${user.id}`).expect(200)
    expectRefusal(await main.get(path), 404)
  })

  it('requires a value and a user', async () => {
    const user = await createUser(main)
    const answer = await main.put(`/users/${user.id}/secrets/token`, {})
    expectRefusal(answer, 400)
    expect(answer.body).toMatchObject({ resource: 'secret', field: 'secret', code: 'missing_field' })
    expectRefusal(await main.put(`/users/${missing}/secrets/token`, { secret: 1 }), 404)
  })
})

describe('display picture', () => {
  it('redirects to the picture, which is public', async () => {
    const user = await createUser(main, { displayName: 'Joni <b> & "Jordyn"' })
    const { headers } = await main.get(`/users/${user.id}/display-picture`).redirects(0).expect(302)
    expect(headers.location).toBe(user.displayPictureUrl)
    const picture = await fetch(user.displayPictureUrl)
    expect(picture.headers.get('content-type')).toBe('image/svg+xml')
    expect(await picture.text()).toMatch(/^<svg .*>J&#34;<\/text><\/svg>$/)
  })

  it('redirects to a URL of any characters', async () => {
    const user = await createUser(main)
    const picture = { url: 'https://example.com/図 1.png', name: 'a', contentType: 'image/png', size: 1 }
    await main.post(`/users/${user.id}/display-picture`, picture).expect(200)
    const { headers } = await main.get(`/users/${user.id}/display-picture`).redirects(0).expect(302)
    expect(headers.location).toBe('https://example.com/%E5%9B%B3%201.png')
  })
})
