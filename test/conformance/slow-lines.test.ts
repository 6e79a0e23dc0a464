// Official clients on slow lines lose their connection and miss nothing.
import { type ApiConnection, type Channel, connectApi, type Message, type TextMessage } from '@chatkitty/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createChannel, sendMessage } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { type CutProxy, openProxy } from './cut-proxy.ts'

/** In each direction; a client that comes back needs two round trips before it subscribes. */
const delaysMs = [100, 1_100, 5_000]

let server: TestServer
let lines: CutProxy[]
beforeAll(async () => {
  server = await startServer()
  lines = await Promise.all(delaysMs.map(() => openProxy(server.url)))
})
afterAll(async () => {
  await Promise.all(lines.map((line) => line.close()))
  await server.close()
})

it('official clients on lines of 0.1 to 5 seconds hear what they missed, once and in order', async () => {
  const clients = await Promise.all(
    lines.map(async (line, at) => {
      const $environment = { host: new URL(line.url).host, secure: false }
      const options = { apiKey: server.main.apiKey, username: `user-${at}`, $environment }
      const connection: ApiConnection = await connectApi(options)
      return { connection, line, heard: [] as string[], joined: [] as string[] }
    }),
  )
  const members = clients.map((_, at) => ({ username: `user-${at}` }))
  const { id } = await createChannel(server.main, { name: 'slow', members })
  const say = (body: string) => sendMessage(server.main, id, { body })
  const listening = () =>
    server.ctx.db.prisma.chatSession.count({ where: { state: 'ACTIVE', session: { state: 'ACTIVE' } } })
  for (const { connection, heard, joined } of clients) {
    const client = connection.getSdkClient()
    client.onChannelJoined(({ name }) => joined.push(name))
    void client.retrieveChannel(id).then((result) => {
      const { channel } = result as { channel: Channel }
      const onMessageReceived = (message: Message) => heard.push((message as TextMessage).body)
      client.startChatSession({ channel, onMessageReceived })
    })
  }
  await expect.poll(listening, { timeout: 10_000 }).toBe(clients.length)
  const allHear = async () => {
    await say('Do you hear me?')
    return clients.every(({ heard }) => heard.length > 0)
  }
  await expect.poll(allHear, { timeout: 10_000, interval: 100 }).toBe(true)

  for (const [at, { line }] of clients.entries()) {
    line.slowDown(delaysMs[at] ?? 0)
    line.cut()
  }
  const numbers = Array.from({ length: 20 }, (_, at) => String(at + 1))
  for (const number of numbers) await say(number)
  await createChannel(server.main, { name: 'meanwhile', members })
  const numbersOf = ({ heard }: { heard: string[] }) => heard.filter((body) => /^\d+$/.test(body))
  for (const client of clients) {
    await expect.poll(() => numbersOf(client), { timeout: 60_000, interval: 50 }).toEqual(numbers)
    await expect.poll(() => client.joined, { timeout: 10_000 }).toContain('meanwhile')
  }
  await say('21')
  for (const client of clients) {
    await expect.poll(() => numbersOf(client), { timeout: 20_000 }).toEqual([...numbers, '21'])
  }
  for (const { line } of clients) line.cut() // rather than to wait until all have said goodbye
}, 120_000)
