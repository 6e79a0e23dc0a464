// `chatterie webhooks listen`, on the server's machine and on another one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Webhook as Verifier } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createAdmin } from '../support/admin.ts'
import { findLauncher } from '../support/compiled.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'
import { Receiver } from '../webhooks/receiver.ts'
import { chatterie } from './run.ts'

let server: TestApiServer
let receiver: Receiver
const settings: Record<string, Record<string, string>> = {}
/** Commands that still run, which are killed after each test. */
const running = new Set<ReturnType<typeof spawn>>()
beforeAll(async () => {
  server = await startTestApi({ FUNCTION_EGRESS: 'guarded' })
  receiver = await Receiver.open()
  const { connectionString = '' } = server.ctx.db.pool.options
  settings.here = { CHATTERIE_HOME: server.ctx.config.home, DATABASE_URL: connectionString }
  settings.elsewhere = { CHATTERIE_ADMIN_KEY: (await createAdmin(server, 'developer')).key }
})
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})
afterAll(async () => {
  receiver.close()
  await server.close()
})

const count = async () => (await server.ctx.db.pool.query('select from webhook')).rowCount

async function start(where: string, args: string[], more: Record<string, string> = {}) {
  const elsewhere = where === 'elsewhere' ? ['--server', server.url] : []
  const child = spawn(process.execPath, [await findLauncher(), 'webhooks', 'listen', ...args, ...elsewhere], {
    env: { PATH: process.env.PATH, ...settings[where], ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = once(child, 'exit').then(([code]) => [`it ended with ${code}`])
  const [introduction] = (await Promise.race([
    once(createInterface({ input: child.stderr }), 'line'),
    ended,
  ])) as [string]
  return {
    introduction,
    next: async () => (await lines.next()).value as string,
    async stop(): Promise<number> {
      child.kill('SIGINT')
      const [code] = await once(child, 'exit')
      running.delete(child)
      return code
    },
  }
}

it.each(['here', 'elsewhere'])(
  'events of a server %s are printed and posted, signed, and the temporary webhook is removed at the end',
  async (where) => {
    receiver.received.length = 0
    receiver.answers.push({ status: 204 }, { status: 500 })
    const command = await start(where, [receiver.url, '--events', 'user.created, channel.created'])
    const [, secret = ''] = /(whsec_\S+)\. Ctrl-C/.exec(command.introduction) ?? []
    await createUser(server.main)
    const first = await command.next()
    expect(first).toMatch(/^\d\d:\d\d:\d\d {2}user\.created +msg_\w+ {2}204 {2}\d+ ms$/)
    await createChannel(server.main)
    expect(await command.next()).toMatch(/channel\.created +msg_\w+ {2}500 {2}\d+ ms$/)
    for (const { body, headers, event } of receiver.received) {
      expect(new Verifier(secret).verify(body, headers as Record<string, string>)).toEqual(event)
    }
    expect(first).toContain(receiver.received[0]?.headers['webhook-id'])
    expect(await command.stop()).toBe(0)
    expect(await count()).toBe(0)
    expect(receiver.received).toHaveLength(2)
  },
)

it('without a URL it prints the deliveries of webhooks; with a secret from the settings it does not print the secret', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const command = await start('here', ['--json'], { CHATTERIE_WEBHOOK_SECRET: secret })
  expect(JSON.parse(command.introduction)).toEqual({})
  const { name } = await createUser(server.main)
  const line = JSON.parse(await command.next())
  expect(line).toMatchObject({ type: 'user.created', body: { type: 'user.created', data: { name } } })
  expect(await command.stop()).toBe(0)
})

it('an unreachable receiver is reported', async () => {
  const gone = await Receiver.open()
  const { url } = gone
  gone.close()
  const command = await start('elsewhere', [url, '--events', 'user.created'])
  await createUser(server.main)
  expect(await command.next()).toMatch(/ {2}ECONNREFUSED {2}\d+ ms$/)
  expect(await command.stop()).toBe(0)
})

it('the temporary webhook of a killed command is removed after twelve hours', async () => {
  const { body } = await server.testApi.get('/clock').expect(200)
  expect(body.offsetMs).toBeLessThan(1_000)
  await start('elsewhere', [])
  for (const child of running) child.kill('SIGKILL')
  await server.clock.advance({ hours: 11 })
  expect(await count()).toBe(1)
  await server.clock.advance({ hours: 2 })
  expect(await count()).toBe(0)
  await server.clock.release()
})

it.each([
  ['ftp://localhost', 'ftp://localhost is not an http:// or https:// URL'],
  ['--events=user.attempted.start_session', 'a listener cannot decide'],
  ['--events=message.read', '--events message.read is wrong'],
])('%s is refused', async (argument, message) => {
  const { code, stderr } = await chatterie(['webhooks', 'listen', argument], settings.here ?? {})
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
})
