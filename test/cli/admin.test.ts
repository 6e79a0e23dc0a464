// The admin commands of the command line, on the server's machine and on another one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { createAdmin, signIn } from '../support/admin.ts'
import { callerOf } from '../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { chatterie } from './run.ts'

let server: TestServer
/** The settings of the command, by where it runs. */
const settings: Record<string, Record<string, string>> = {}

beforeAll(async () => {
  server = await startServer()
  const { connectionString = '' } = server.ctx.db.pool.options
  const { home } = server.ctx.config
  settings.here = { CHATTERIE_HOME: home, DATABASE_URL: connectionString }
  const { key } = await createAdmin(server, 'owner')
  settings.elsewhere = { CHATTERIE_ADMIN_KEY: key }
})
afterAll(() => server.close())

type Where = 'here' | 'elsewhere'

const run = (where: Where, ...args: string[]) =>
  chatterie([...args, ...(where === 'elsewhere' ? ['--server', server.url] : [])], settings[where] ?? {})

/** Runs a command that must succeed, and returns its JSON output. */
async function json(where: Where, ...args: string[]) {
  const { code, stdout, stderr } = await run(where, ...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

describe.each(['here', 'elsewhere'] as const)('the command line, with a server %s', (where) => {
  it('creates operators who can sign in, and keys', async () => {
    const username = `ada-${where}`
    const { password } = await json(where, 'operators', 'create', username, '--role', 'moderator')
    await signIn(server, username, password)
    const [changed, key] = await Promise.all([
      json(where, 'operators', 'set-password', username),
      json(where, 'keys', 'create', 'ci', '--applications', String(server.main.id)),
    ])
    await signIn(server, username, changed.password)
    expect(key).toMatchObject({ key: expect.stringMatching(/^ck_admin_/), applications: [server.main.id] })
    await json(where, 'keys', 'delete', String(key.id))
    const listed = await json(where, 'operators', 'list')
    expect(listed).toContainEqual(expect.objectContaining({ username, role: 'moderator' }))
  })

  it('shows the retention, exports a person, and erases it', async () => {
    const set = ['--messages', '30', '--inactive-channels', '60']
    expect(await json(where, 'retention', 'set', ...set)).toEqual({
      messagesDays: 30,
      inactiveChannelsDays: 60,
    })
    expect(await json(where, 'retention', 'set', '--messages', 'off')).toEqual({ inactiveChannelsDays: 60 })
    expect(await json(where, 'retention', 'preview')).toMatchObject({ messages: 0, channels: 0 })
    expect(await json(where, 'retention', 'run')).toMatchObject({ type: 'RETENTION' })
    const wrong = await run(where, 'retention', 'set', '--messages', 'soon')
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('soon is neither a number of days nor off'),
    })
    const user = await createUser(server.main)
    expect(await json(where, 'users', 'export', user.name)).toMatchObject({ type: 'PERSON_EXPORT' })
    expect((await run(where, 'users', 'erase', user.name)).code).not.toBe(0)
    await server.main.get(`/users/${user.id}`).expect(200)
    const erased = await json(where, 'users', 'erase', user.name, '--messages', 'keep')
    expect(erased).toMatchObject({ type: 'PERSON_ERASURE' })
    await server.main.get(`/users/${user.id}`).expect(404)
  })

  it('lists and resolves reports, bans users, and records who did it', async () => {
    const user = await createUser(server.main)
    const channel = await createChannel(server.main, { members: [{ id: user.id }] })
    const message = await sendMessage(server.main, channel.id, { body: 'so rude' })
    await reportMessage(server.ctx, callerOf(server.main, user), message.id, { reason: 'rude' })
    const { stdout } = await run(where, 'reports', 'list')
    const [, id = ''] = /^(\d+) .* rude +so rude/m.exec(stdout) ?? []
    expect(await json(where, 'reports', 'resolve', id, 'delete')).toMatchObject({ state: 'resolved' })
    await server.main.get(`/messages/${message.id}`).expect(404)
    const banned = await json(where, 'ban', user.name, '--reason', 'rude')
    expect(banned).toMatchObject({ id: user.id, ban: { reason: 'rude' } })
    await json(where, 'unban', String(user.id))
    const audit = await json(where, 'audit', '--action', 'user', '--limit', '2')
    expect(audit).toMatchObject([
      { action: 'user.unbanned', actor: { type: where === 'here' ? 'command_line' : 'key' } },
      { action: 'user.banned', target: { type: 'user', id: String(user.id) } },
    ])
  })
})

it('a remote server requires a key, and errors are printed', async () => {
  const bare = chatterie(['audit', '--server', server.url], {})
  expect(await bare).toMatchObject({ code: 2, stderr: expect.stringContaining('CHATTERIE_ADMIN_KEY') })
  const { key } = await createAdmin(server, 'viewer')
  const refused = await chatterie(['audit', '--server', server.url], { CHATTERIE_ADMIN_KEY: key })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('This requires the role owner') })
})
