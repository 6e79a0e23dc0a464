// Official clients that lose their connection again and again miss nothing of a chat.
import {
  type ApiConnection,
  type Channel,
  type CreatedChannelResult,
  connectApi,
  type Message,
  type TextMessage,
} from '@chatkitty/core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createChannel, sendMessage } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { type CutProxy, openProxy } from './cut-proxy.ts'

const clientCount = 25
const messageCount = 250
/** Clients come back five seconds after they have lost their connection. */
const backMs = 90_000

let server: TestServer
let network: CutProxy
beforeAll(async () => {
  server = await shareServer()
  network = await openProxy(server.url)
})
afterAll(async () => {
  await network.close()
  await server.close()
})

function connect(username: string): Promise<ApiConnection> {
  const $environment = { host: new URL(network.url).host, secure: false }
  return connectApi({ apiKey: server.main.apiKey, username, $environment })
}

it(`${clientCount} clients whose connections are cut three times get all of ${messageCount} messages, in order`, async () => {
  const names = Array.from({ length: clientCount }, (_, at) => `user-${at}`)
  const connections: ApiConnection[] = []
  for (let at = 0; at < clientCount; at += 20) {
    connections.push(...(await Promise.all(names.slice(at, at + 20).map(connect))))
  }
  const members = names.map((username) => ({ username }))
  const { id } = await createChannel(server.main, { name: 'all', members })
  const say = (body: string) => sendMessage(server.main, id, { body })
  const received = connections.map(() => [] as string[])
  await Promise.all(
    connections.map(async (connection, at) => {
      const client = connection.getSdkClient()
      const { channel } = (await client.retrieveChannel(id)) as { channel: Channel }
      const onMessageReceived = (message: Message) => received[at]?.push((message as TextMessage).body)
      client.startChatSession({ channel, onMessageReceived })
    }),
  )
  const allListen = async () => {
    await say('Do you hear me?')
    expect(received.filter((bodies) => bodies.length === 0)).toEqual([])
  }
  await vi.waitFor(allListen, { timeout: 90_000, interval: 200 })

  const expected = Array.from({ length: messageCount }, (_, at) => String(at + 1))
  const numbersOf = (bodies: string[] = []) => bodies.filter((body) => /^\d+$/.test(body))
  let sent = 0
  const send = async (count: number) => {
    for (let each = 0; each < count; each += 1) {
      sent += 1
      await say(String(sent))
    }
  }
  for (const _ of [1, 2, 3]) {
    await send(30) // while all are there
    network.cut()
    await send(30) // while nobody is
    const areBack = () => expect(network.open).toBe(clientCount)
    await vi.waitFor(areBack, { timeout: backMs, interval: 20 })
    await send(20) // while they are told what they have missed
  }
  await send(messageCount - sent)

  const haveAll = () => {
    for (const bodies of received) expect(new Set(numbersOf(bodies)).size).toBe(messageCount)
  }
  await vi.waitFor(haveAll, { timeout: 90_000, interval: 100 })
  let repeated = 0
  for (const [at, bodies] of received.entries()) {
    const numbers = numbersOf(bodies)
    expect([...new Set(numbers)], names[at]).toEqual(expected)
    repeated += numbers.length - messageCount
  }
  // Only what a client has acknowledged on a connection that was cut before the server knew of it comes twice.
  expect(repeated).toBeLessThan(clientCount * 3 * 10)
  await Promise.all(connections.map((connection) => connection.dispose()))
}, 300_000)

it('an action whose answer was lost with the connection is settled when the client is back', async () => {
  const connection = await connect('jane')
  const client = connection.getSdkClient()
  const { channel } = (await client.createChannel({ type: 'PUBLIC', name: 'lost' })) as CreatedChannelResult
  await client.retrieveCurrentUser()
  network.holdAnswers()
  const result = client.sendMessage({ channel, body: 'Did it arrive?' })
  const list = () => server.main.get(`/channels/${channel.id}/messages`).expect(200)
  await expect.poll(list).toMatchObject({ body: { _embedded: { messages: [{ body: 'Did it arrive?' }] } } })
  network.cut()
  expect(await result).toMatchObject({ succeeded: true, message: { body: 'Did it arrive?' } })
  expect((await list()).body._embedded.messages).toHaveLength(1)
  await connection.dispose()
}, 60_000)
