import { afterAll, beforeAll, expect, it } from 'vitest'
import type { UserMatch } from '#data/users/user-lists.ts'
import { countContacts } from '#domain/users/count-contacts.ts'
import { listContacts } from '#domain/users/list-contacts.ts'
import { User } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'
import { callerOf } from '../../support/as-user.ts'
import type { UserDocument } from '../../support/documents.ts'
import { createUser } from '../../support/factories.ts'
import { shareServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
let application: TestApplication
let me: UserDocument
beforeAll(async () => {
  server = await shareServer()
  application = server.main
  me = await createUser(application, { name: 'me', displayName: 'Me Myself' })
  for (const [name, displayName] of [
    ['Zoe', 'Zoë of the north'],
    ['adam', 'Adam 50%'],
    ['bert', 'Bert'],
  ]) {
    await createUser(application, { name, displayName })
  }
  const gone = await createUser(application, { name: 'gone' })
  await application.delete(`/users/${gone.id}`).expect(200)
  await createUser(await server.createApplication())
})
afterAll(() => server.close())

const page = { number: 0, size: 25, sort: [] }
const namesOf = async (match: UserMatch, request = page) => {
  const { items, total } = await listContacts(server.ctx, callerOf(application, me), match, request)
  expect(await countContacts(server.ctx, callerOf(application, me), match)).toBe(total)
  return items.map(({ name }) => name)
}

it('contacts are all other existing users of the application, by name', async () => {
  expect(await namesOf({})).toEqual(['adam', 'bert', 'Zoe'])
  const second = await listContacts(
    server.ctx,
    callerOf(application, me),
    {},
    { ...page, number: 1, size: 2 },
  )
  expect(second).toMatchObject({ items: [{ name: 'Zoe' }], total: 3 })
  expect(await namesOf({}, { ...page, sort: [{ property: 'name', descending: true }] as never })).toEqual([
    'Zoe',
    'bert',
    'adam',
  ])
})

it('they are found by their whole name, or a part of their display name whatever its case', async () => {
  expect(await namesOf({ name: 'adam' })).toEqual(['adam'])
  expect(await namesOf({ name: 'ada' })).toEqual([])
  expect(await namesOf({ name: 'me' })).toEqual([])
  expect(await namesOf({ displayName: 'OF THE' })).toEqual(['Zoe'])
  expect(await namesOf({ displayName: '%' })).toEqual(['adam'])
  expect(await namesOf({ displayName: '_' })).toEqual([])
})

it('an invisible user is shown as online to itself and backends only', async () => {
  const setPresence = (name: string, online: boolean, status: string) =>
    server.ctx.db.query(
      { text: 'update "user" set presence_online = $2, presence_status = $3 where name = $1' },
      [name, online, status],
    )
  await setPresence('adam', true, 'AVAILABLE')
  await setPresence('Zoe', true, 'INVISIBLE')
  expect(await namesOf({ online: true })).toEqual(['adam'])
  expect(await namesOf({ online: false })).toEqual(['bert', 'Zoe'])

  const { items } = await listContacts(server.ctx, callerOf(application, me), { name: 'Zoe' }, page)
  const seen = JSON.parse(presentResource(User, items[0]))
  expect(seen.presence).toEqual({ status: 'UNAVAILABLE', online: false })
  const { body } = await application.get(`/users/${items[0]?.id}`).expect(200)
  expect(body.presence).toEqual({ status: 'INVISIBLE', online: true })
})
