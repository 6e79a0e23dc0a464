import { afterAll, beforeAll, expect, it } from 'vitest'
import { createChannel, createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { Phone } from './phone.ts'

let server: TestServer

beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

it('a new member of a channel receives the events that happen right afterwards', async () => {
  const user = await createUser(server.main)
  const channel = await createChannel(server.main, { type: 'PRIVATE' })
  const phone = new Phone(server, server.main, user.name)
  await phone.connect()
  await phone.listen(`/topic/users/${user.id}.channels`)
  const facts = { applicationId: server.main.id, channelId: channel.id }
  await server.ctx.db.transact((tx) =>
    tx.emit(
      { ...facts, type: 'channel.member.joined', payload: { userId: user.id } },
      { ...facts, type: 'channel.updated', payload: {} },
    ),
  )
  await expect.poll(() => phone.heard.map(({ type }) => type)).toContain('user.channel.updated')
  await phone.cut()
})
