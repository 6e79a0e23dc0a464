// Lists by page number through the real-time API. [runtime contract 3.2]
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createChannel as createChannelAs } from '#domain/channels/create-channel.ts'
import { served } from '#realtime/table.ts'
import { callerOf } from '../support/as-user.ts'
import { createUser, sendMessage } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { Phone } from './phone.ts'

let server: TestServer
let phone: Phone
const ids: Record<string, number> = {}
beforeAll(async () => {
  server = await shareServer()
  const user = await createUser(server.main)
  const { channel } = await createChannelAs(server.ctx, callerOf(server.main, user), { type: 'PRIVATE' })
  const message = await sendMessage(server.main, channel.id, { body: 'Hello' })
  Object.assign(ids, { 'Current user': user.id, Channel: channel.id, Message: message.id })
  phone = new Phone(server, server.main, user.name)
  await phone.connect()
})
afterAll(async () => {
  await phone.cut()
  await server.close()
})

const lists = Object.entries(served).flatMap(([title, { hypermedia }]) =>
  Object.entries(hypermedia.relays)
    .filter(([, { paging }]) => paging === 'page')
    .map(([name, { pattern }]) => ({ title, name, pattern })),
)

it.each(lists)('$name of a $title ignores a sort that it does not know', async ({ title, pattern }) => {
  const first = `${pattern.replace('{id}', () => String(ids[title]))}.page.0.size..sort.`
  for (const sort of ['color,desc', 'user.color,asc', 'asc', ',']) {
    const destination = `${first}${sort}`
    phone.stomp?.send(`SUBSCRIBE\nid:${destination}\ndestination:${destination}\n\n\0`)
    const find = () =>
      phone.stomp?.frames.find(
        ({ headers }) => headers.subscription === destination || headers['subscription-id'] === destination,
      )
    await expect.poll(find, { interval: 5 }).toBeDefined()
    expect(JSON.parse(find()?.body ?? '')).toMatchObject({ type: 'resource.relayed', resource: { page: {} } })
  }
})
