// If the process that publishes events stops for a while (in a debugger, while swapping, on a frozen machine), another
// one takes over. When it continues, nothing is delivered twice or out of order.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ServerProcess, startServerProcess } from '../../support/process.ts'
import { cloneDatabase } from '../../support/server.ts'
import { collect, connect, type Device, disconnect, done, startChat, uniqueName } from '../realtime.ts'
import { hasRedis, redis } from '../redis.ts'

const isThere = await hasRedis()

const title = `a leader that stands still${isThere ? '' : ' (no Redis listens on localhost:6379)'}`

describe.skipIf(!isThere)(title, () => {
  const credentials = { clientId: 'lead', clientSecret: 'a shared secret', apiKey: uuid() }
  let home: string
  let database: Awaited<ReturnType<typeof cloneDatabase>>
  let leader: ServerProcess
  let other: ServerProcess
  let token: string
  const devices: Device[] = []

  const start = (name: string) =>
    startServerProcess({
      REDIS_URL: redis.url,
      DATABASE_URL: database.url,
      CHATTERIE_HOME: join(home, name),
      CHATTERIE_ENCRYPTION_KEY: '5a'.repeat(32),
      CHATTERIE_CLIENT_ID: credentials.clientId,
      CHATTERIE_CLIENT_SECRET: credentials.clientSecret,
      CHATTERIE_API_KEY: credentials.apiKey,
      LOG_LEVEL: 'info',
    })

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'chatterie-lead-'))
    database = await cloneDatabase()
    leader = await start('first')
    other = await start('second')
    expect(leader.output()).toContain('this process publishes the events')
    const answer = await fetch(`${other.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${credentials.clientId}:${credentials.clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    token = ((await answer.json()) as { access_token: string }).access_token
  })
  afterEach(async () => {
    for (const { child } of [leader, other]) child.kill('SIGCONT')
    await disconnect(...devices.splice(0))
    expect(await leader.end('SIGTERM')).toBe(0)
    expect(await other.end('SIGTERM')).toBe(0)
    await database.drop()
    await rm(home, { recursive: true, force: true })
  })

  async function post(path: string, body: object): Promise<{ id: number }> {
    const answer = await fetch(`${other.url}/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBe(200)
    return (await answer.json()) as { id: number }
  }

  it('is replaced within seconds, and nothing is delivered twice or out of order afterwards', async () => {
    const ada = await connect(other, credentials, uniqueName('ada'))
    const bob = await connect(leader, credentials, uniqueName('bob'))
    devices.push(ada, bob)
    const members = [ada, bob].map(({ name }) => ({ username: name }))
    const { id } = await post('/channels', { type: 'PRIVATE', name: uniqueName('numbers'), members })
    const [here, there] = await Promise.all(
      [ada, bob].map(async (device) =>
        startChat(device, (await done(device.client.retrieveChannel(id))).channel),
      ),
    )
    let sent = 0
    const send = async (count: number) => {
      for (let each = 0; each < count; each += 1) {
        sent += 1
        await post(`/channels/${id}/messages`, { type: 'TEXT', body: String(sent) })
      }
    }
    const all = () => Array.from({ length: sent }, (_, each) => String(each + 1))
    const heard = (chat: typeof here) => chat?.onMessageReceived.items.map(([{ body }]) => body)

    // Stops it at an arbitrary moment.
    const sending = send(60)
    await expect.poll(() => heard(here)?.length).toBeGreaterThan(10)
    leader.child.kill('SIGSTOP')
    await sending
    await send(20)
    await expect.poll(() => heard(here)).toEqual(all())
    await expect.poll(() => other.output()).toContain('this process publishes the events')

    leader.child.kill('SIGCONT')
    await send(40)
    await expect.poll(() => heard(here)).toEqual(all())
    // Its clients have received everything in order; those that reconnected elsewhere meanwhile may have some twice.
    await expect.poll(() => [...new Set(heard(there))]).toEqual(all())
    await expect.poll(() => leader.output()).toContain('another process publishes the events')

    // Of several messages in a second, the last one appears in lists of channels a moment later.
    const listed = collect(bob.client.onChannelUpdated)
    await send(3)
    await expect.poll(() => heard(there)?.at(-1)).toBe(String(sent))
    other.child.kill('SIGSTOP')
    await expect
      .poll(() => listed.items.at(-1)?.[0].lastReceivedMessage)
      .toMatchObject({ body: String(sent) })
    other.child.kill('SIGCONT')
  })
})
