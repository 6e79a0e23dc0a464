import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PageDocument, UserDocument } from '../support/documents.ts'
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

describe('listUsers', () => {
  it('sorts by name whatever its case', async () => {
    const application = await server.createApplication()
    for (const name of ['bob', 'Carl', 'Alice']) await createUser(application, { name })
    const { body } = await application.get('/users').expect(200)
    expect(namesOf(body)).toEqual(['Alice', 'bob', 'Carl'])
    expect(body.page).toEqual({ size: 25, totalElements: 3, totalPages: 1, number: 0 })
  })

  it('finds a user by its exact name only', async () => {
    const name = `exact-${uuid()}`
    await createUser(main, { name })
    expect(namesOf((await main.get(`/users?name=${name}`)).body)).toEqual([name])
    for (const other of [name.toUpperCase(), name.slice(0, -1), `${name.slice(0, -1)}%25`]) {
      expect(namesOf((await main.get(`/users?name=${other}`).expect(200)).body)).toEqual([])
    }
  })

  it('answers a size of 0 as the Firebase extension sends it', async () => {
    const { name } = await createUser(main)
    const { body } = await main.get(`/users?page=0&size=0&name=${name}`).expect(200)
    expect(namesOf(body)).toEqual([name])
    expect(body.page).toMatchObject({ size: 25, totalElements: 1 })
  })

  it('finds users by properties, as JSON and as pairs', async () => {
    const team = uuid()
    const { name } = await createUser(main, {
      properties: { team, seats: { a_b: [1, 2] }, level: 7, active: true, zip: '01234' },
    })
    await createUser(main, { properties: { team, level: 8 } })
    const found = async (properties: string) => {
      const { body } = await main.get(`/users?properties=${encodeURIComponent(properties)}`).expect(200)
      return namesOf(body)
    }
    expect(await found(JSON.stringify({ team, seats: { a_b: [2] } }))).toEqual([name])
    expect(await found(`team:${team},level:7`)).toEqual([name])
    expect(await found(`team=${team},active=true`)).toEqual([name])
    expect(await found(`team=${team},zip=01234`)).toEqual([name])
    expect(await found(`team:${team}`)).toHaveLength(2)
    expect(await found(`team:${team},level:9`)).toEqual([])
  })

  it('finds users with unread messages', async () => {
    const application = await server.createApplication()
    const [reader, author, late] = [
      await createUser(application, { name: 'reader' }),
      await createUser(application, { name: 'author' }),
      await createUser(application, { name: 'late' }),
    ]
    const channel = await createChannel(application, { members: [{ id: reader.id }, { id: author.id }] })
    await sendMessage(application, channel.id, { user: { id: author.id } })
    await application.post(`/channels/${channel.id}/members`, { id: late.id }).expect(200)
    expect(namesOf((await application.get('/users?unread=true')).body)).toEqual(['reader'])
    expect(namesOf((await application.get('/users?unread=false')).body)).toEqual(['author', 'late'])
  })

  it('refuses invalid filters', async () => {
    for (const [field, value] of [
      ['unread', 'maybe'],
      ['properties', '{"a":'],
      ['properties', 'pairless'],
    ]) {
      const answer = await main.get(`/users?${field}=${encodeURIComponent(value as string)}`)
      expectRefusal(answer, 400, 'ClientError')
      expect(answer.body).toMatchObject({ resource: 'user', field, code: 'invalid' })
    }
  })
})

function namesOf(page: PageDocument<'users', UserDocument>): string[] {
  return page._embedded.users.map(({ name }) => name)
}
