// Pending deliveries survive a crash of the server.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ServerProcess, startServerProcess } from '../support/process.ts'
import { Receiver } from './receiver.ts'

const deliveries = 1_000
/** The number of deliveries before the server is killed. */
const before = 300
const senders = 20
/** The number of deliveries of a webhook that are under way at a time. */
const underWayMax = 6

let home: string
let server: ServerProcess
let receiver: Receiver
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-hooks-'))
  receiver = await Receiver.open()
  await start()
})
afterAll(async () => {
  await server.end('SIGTERM')
  receiver.close()
  await rm(home, { recursive: true, force: true })
})

async function start(): Promise<void> {
  server = await startServerProcess({ CHATTERIE_HOME: home, TEST_API: 'on', RATE_LIMIT_PER_SECOND: 'off' })
}

async function post(path: string, body: object, token?: string) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(answer.ok).toBe(true)
  return answer.json() as Promise<{ id: number; accessToken: string }>
}

it('each of 1,000 pending deliveries arrives at least once, though the server is killed meanwhile', async () => {
  const world = await post('/_test/worlds', {})
  const hook = { url: receiver.url, events: ['user.created'], enabled: true }
  await post(`/_test/worlds/${world.id}/webhooks`, hook)
  let nth = 0
  const send = async () => {
    while (nth < deliveries) {
      const name = `user-${nth++}`
      await post('/v1/users', { name, displayName: name, isGuest: false }, world.accessToken)
    }
  }
  receiver.hold()
  await Promise.all(Array.from({ length: senders }, send))
  // On a slow machine, some are held for longer than an attempt may take, and are tried again.
  const repeated = Math.max(0, receiver.waiting - underWayMax)
  receiver.release(before)
  await expect.poll(() => receiver.received.length, { interval: 1 }).toBeGreaterThanOrEqual(before)
  expect(await server.end('SIGKILL')).toBe(null)
  const receivedBefore = receiver.received.length
  expect(receivedBefore).toBeLessThan(deliveries)
  receiver.release(Number.POSITIVE_INFINITY)
  await start()
  const names = () => new Set(receiver.received.map(({ event }) => event.data.name))
  await expect.poll(() => names().size, { interval: 50 }).toBe(deliveries)
  const ids = new Set(receiver.received.map(({ headers }) => headers['webhook-id']))
  expect(ids.size, 'what comes twice has the same id').toBe(deliveries)
  const twice = receiver.received.length - deliveries - repeated
  expect(twice, 'only what was under way comes twice').toBeLessThanOrEqual(underWayMax)
})
