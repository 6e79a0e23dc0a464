// Official clients that lose their connection repeatedly or on slow networks miss no messages. The tests run
// concurrently, because they wait most of the time.
import {
  type ApiConnection,
  type Channel,
  type CreatedChannelResult,
  connectApi,
  type Message,
  type TextMessage,
} from '@chatkitty/core'
import { afterAll, beforeAll, it, vi } from 'vitest'
import { createChannel, sendMessage } from '../support/factories.ts'
import { patienceMs } from '../support/patience.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { type CutProxy, openProxy } from './cut-proxy.ts'

const clientCount = 25
const messageCount = 250
/** The number of messages before a cut that clients may not have acknowledged. */
const unconfirmedMax = 10
/** The delay in each direction; a reconnecting client needs two round trips before it subscribes. */
const delaysMs = [100, 1_100, 5_000]

let server: TestServer
const networks: CutProxy[] = []
beforeAll(async () => {
  server = await shareServer()
})
afterAll(async () => {
  await Promise.all(networks.map((network) => network.close()))
  await server.close()
})

async function openNetwork(): Promise<CutProxy> {
  const network = await openProxy(server.url)
  networks.push(network)
  return network
}

function connect(username: string, network: CutProxy): Promise<ApiConnection> {
  const $environment = { host: new URL(network.url).host, secure: false }
  return connectApi({ apiKey: server.main.apiKey, username, $environment })
}

it.concurrent(`${clientCount} clients whose connections are cut three times receive all of ${messageCount} messages, in order`, async ({
  expect,
}) => {
  const network = await openNetwork()
  const names = Array.from({ length: clientCount }, (_, at) => `user-${at}`)
  const connections: ApiConnection[] = []
  for (let at = 0; at < clientCount; at += 20) {
    connections.push(...(await Promise.all(names.slice(at, at + 20).map((name) => connect(name, network)))))
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
  await vi.waitFor(allListen, { timeout: patienceMs, interval: 200 })

  const expected = Array.from({ length: messageCount }, (_, at) => String(at + 1))
  const numbersOf = (bodies: string[] = []) => bodies.filter((body) => /^\d+$/.test(body))
  let sent = 0
  const send = async (count: number) => {
    for (let each = 0; each < count; each += 1) {
      sent += 1
      await say(String(sent))
    }
  }
  const haveAll = () => {
    for (const bodies of received) expect(new Set(numbersOf(bodies)).size).toBe(sent)
  }
  for (const _ of [1, 2, 3]) {
    await send(20) // while all are there
    await vi.waitFor(haveAll, { timeout: patienceMs, interval: 20 })
    await send(unconfirmedMax)
    network.cut()
    await send(30) // while nobody is
    const areBack = () => expect(network.open).toBe(clientCount)
    await vi.waitFor(areBack, { timeout: patienceMs, interval: 20 })
    await send(20) // while they are told what they have missed
  }
  await send(messageCount - sent)
  await vi.waitFor(haveAll, { timeout: patienceMs, interval: 100 })
  let repeated = 0
  for (const [at, bodies] of received.entries()) {
    const numbers = numbersOf(bodies)
    expect([...new Set(numbers)], names[at]).toEqual(expected)
    repeated += numbers.length - messageCount
  }
  // Only messages whose acknowledgement was lost with a connection are delivered twice.
  expect(repeated).toBeLessThanOrEqual(clientCount * 3 * unconfirmedMax)
  await Promise.all(connections.map((connection) => connection.dispose()))
})

it.concurrent('an action whose answer was lost with the connection settles when the client reconnects', async ({
  expect,
}) => {
  const network = await openNetwork()
  const connection = await connect('jane', network)
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
})

it.concurrent('official clients with latencies of 0.1 to 5 seconds receive what they missed, once and in order', async ({
  expect,
}) => {
  const clients = await Promise.all(
    delaysMs.map(async (delayMs, at) => {
      const line = await openNetwork()
      const connection = await connect(`slow-${at}`, line)
      return { connection, line, delayMs, heard: [] as string[], joined: [] as string[] }
    }),
  )
  const members = clients.map((_, at) => ({ username: `slow-${at}` }))
  const { id } = await createChannel(server.main, { name: 'slow', members })
  const say = (body: string) => sendMessage(server.main, id, { body })
  const listening = () =>
    server.ctx.db.prisma.chatSession.count({
      where: { state: 'ACTIVE', channelId: id, session: { state: 'ACTIVE' } },
    })
  for (const { connection, heard, joined } of clients) {
    const client = connection.getSdkClient()
    client.onChannelJoined(({ name }) => joined.push(name))
    void client.retrieveChannel(id).then((result) => {
      const { channel } = result as { channel: Channel }
      const onMessageReceived = (message: Message) => heard.push((message as TextMessage).body)
      client.startChatSession({ channel, onMessageReceived })
    })
  }
  await expect.poll(listening).toBe(clients.length)
  const allHear = async () => {
    await say('Do you hear me?')
    return clients.every(({ heard }) => heard.length > 0)
  }
  await expect.poll(allHear, { interval: 100 }).toBe(true)

  for (const { line, delayMs } of clients) {
    line.slowDown(delayMs)
    line.cut()
  }
  const numbers = Array.from({ length: 20 }, (_, at) => String(at + 1))
  for (const number of numbers) await say(number)
  await createChannel(server.main, { name: 'meanwhile', members })
  const numbersOf = ({ heard }: { heard: string[] }) => heard.filter((body) => /^\d+$/.test(body))
  for (const client of clients) {
    await expect.poll(() => numbersOf(client), { interval: 50 }).toEqual(numbers)
    await expect.poll(() => client.joined).toContain('meanwhile')
  }
  await say('21')
  for (const client of clients) {
    await expect.poll(() => numbersOf(client)).toEqual([...numbers, '21'])
  }
  // A client that is not disposed of reconnects forever and prints each failure, also during later test files.
  const disposed = clients.map(({ connection }) => connection.dispose())
  for (const { line } of clients) line.cut() // rather than to wait until slow lines have carried each DISCONNECT
  await Promise.all(disposed)
})
