import { afterAll, beforeAll, expect, it } from 'vitest'
import { createChannel, createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { Phone } from './phone.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

it('a topic at which nothing would be delivered is refused: in another spelling, or of no resource', async () => {
  const { main } = server
  const user = await createUser(main)
  const { id } = await createChannel(main, { type: 'PRIVATE', members: [{ id: user.id }] })
  const phone = new Phone(server, main, user.name)
  await phone.connect()
  const wrong = [
    `/topic/channels/0${id}.self`,
    `/topic/users/0${user.id}.channels`,
    `/topic/channels/${id}.self/`,
    `/topic/channels/${id}`,
    `/topic/channels/${id}.nothing`,
  ]
  expect(await phone.listen(...wrong)).toEqual(wrong.map(() => 'ResourceNotFoundError'))
  expect(await phone.listen(`/topic/channels/${id}.self`)).toEqual([undefined])
  await phone.cut()
})
