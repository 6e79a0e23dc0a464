import { readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chatterie, type RunningServer, startByCommand } from './run.ts'

const home = join(tmpdir(), `chatterie-cli-${uuid()}`)
const settings = { CHATTERIE_HOME: home }
afterAll(() => rm(home, { recursive: true, force: true }))

const run = (...args: string[]) => chatterie(args, settings)

/** Runs a command that must succeed, and returns its JSON output. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

describe('without a running server', () => {
  it('applications are created, listed and deleted as well', async () => {
    const created = await json('applications', 'create', '--name', 'Shop')
    expect(created).toEqual({
      id: expect.any(Number),
      name: 'Shop',
      clientId: expect.any(String),
      clientSecret: expect.stringMatching(/^[\w-]{43}$/),
      apiKey: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    const { id, name, apiKey, clientId } = created
    expect(await json('applications', 'list')).toEqual([
      { id, name, apiKey, clientId, createdTime: expect.stringMatching(/Z$/) },
    ])
    expect(await json('applications', 'delete', apiKey, '--yes')).toEqual({ id, name, deleted: true })
    expect(await json('applications', 'list')).toEqual([])
  })

  it.each([
    [['Second app'], 'Second app'],
    [['--name', 'Second app'], 'Second app'],
    [[], 'My application'],
  ])('an application is created with its name as argument or option: %j', async (args, name) => {
    const created = await json('applications', 'create', ...args)
    expect(created).toMatchObject({ name })
    await json('applications', 'delete', String(created.id), '--yes')
  })

  it.each([
    ['applications', 'create', '  '],
    ['applications', 'create', 'x'.repeat(256)],
    ['restore', 'no-such-dump', '--as', 'x'.repeat(256)],
  ])('no application gets a name that the admin API refuses: %s %s %.3s', async (...args) => {
    const { code, stderr } = await run(...args)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'error: An application needs a name that is not blank, of at most 255 characters\n',
    })
  })

  it('leaves no Postgres running', async () => {
    await json('applications', 'list')
    await expect(stat(join(home, 'postgres', 'data', 'postmaster.pid'))).rejects.toThrow('ENOENT')
  })
})

describe('while a server runs', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startByCommand(settings)
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
  })

  const askToken = (clientId: string, clientSecret: string) =>
    supertest(server.url)
      .post('/oauth/token')
      .auth(clientId, clientSecret)
      .type('form')
      .send({ grant_type: 'client_credentials' })
  const askApplication = (token: string) =>
    supertest(server.url).get('/v1/application').set('authorization', `Bearer ${token}`)

  it('an application that is created can be used at once', async () => {
    const { id, clientId, clientSecret, apiKey } = await json('applications', 'create')
    const { body } = await askToken(clientId, clientSecret).expect(200)
    const { body: application } = await askApplication(body.access_token).expect(200)
    expect(application).toMatchObject({ id, key: apiKey })
  })

  it('a rotated secret replaces the old one, and revokes its tokens', async () => {
    const { id, clientId, clientSecret } = await json('applications', 'create')
    const { body: before } = await askToken(clientId, clientSecret).expect(200)
    const rotated = await json('applications', 'rotate-secret', String(id))
    expect(rotated).toEqual({ id, clientId, clientSecret: expect.any(String) })
    expect(rotated.clientSecret).not.toBe(clientSecret)
    await askApplication(before.access_token).expect(401)
    await askToken(clientId, clientSecret).expect(401)
    await askToken(clientId, rotated.clientSecret).expect(200)
  })

  it('with an overlap the old secret stays valid beside the new one, and its tokens expire with it at the latest', async () => {
    const { clientId, clientSecret } = await json('applications', 'create')
    const { body: before } = await askToken(clientId, clientSecret).expect(200)
    const rotated = await json('applications', 'rotate-secret', clientId, '--overlap', '60s')
    expect(rotated).toMatchObject({ oldSecretUntil: expect.stringMatching(/Z$/) })
    await askApplication(before.access_token).expect(200)
    const { body: old } = await askToken(clientId, clientSecret).expect(200)
    expect(old.expires_in).toBeLessThanOrEqual(60)
    await askApplication(old.access_token).expect(200)
    const { body: fresh } = await askToken(clientId, rotated.clientSecret).expect(200)
    expect(fresh.expires_in).toBe(43_200)

    const again = await json('applications', 'rotate-secret', clientId)
    for (const secret of [clientSecret, rotated.clientSecret]) await askToken(clientId, secret).expect(401)
    for (const token of [before.access_token, old.access_token, fresh.access_token]) {
      await expect.poll(async () => (await askApplication(token)).status).toBe(401)
    }
    await askToken(clientId, again.clientSecret).expect(200)
  })

  it('--from-environment makes the secret of the environment the current one, and never prints it', async () => {
    const { clientId } = await json('applications', 'create')
    const given = { ...settings, CHATTERIE_CLIENT_SECRET: 'a secret of mine' }
    const { code, stdout } = await chatterie(
      ['applications', 'rotate-secret', clientId, '--from-environment'],
      given,
    )
    expect(code).toBe(0)
    expect(stdout).not.toContain('a secret of mine')
    await askToken(clientId, 'a secret of mine').expect(200)
    const without = await run('applications', 'rotate-secret', clientId, '--from-environment')
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('CHATTERIE_CLIENT_SECRET') })
    for (const overlap of ['1', '-1h', '31d', 'soon']) {
      const refused = await run('applications', 'rotate-secret', clientId, `--overlap=${overlap}`)
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--overlap') })
    }
  })

  it('a rotated secret of the first application is written to credentials.json', async () => {
    const path = join(home, 'credentials.json')
    const kept = JSON.parse(await readFile(path, 'utf8'))
    const { clientSecret } = await json('applications', 'rotate-secret', kept.clientId)
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...kept, clientSecret })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await askToken(kept.clientId, clientSecret).expect(200)
  })

  it('the credentials and tokens of a deleted application are rejected', async () => {
    const { id, clientId, clientSecret } = await json('applications', 'create')
    const { body } = await askToken(clientId, clientSecret).expect(200)
    await json('applications', 'delete', clientId, '--yes')
    await askApplication(body.access_token).expect(401)
    await askToken(clientId, clientSecret).expect(401)
    const left = await json('applications', 'list')
    expect(left.map((application: { id: number }) => application.id)).not.toContain(id)
  })

  it('prints tables and boxes for terminals', async () => {
    const { stdout } = await run('applications', 'create', '--name', 'For people')
    expect(stdout).toMatch(/^Application \d+ was created/)
    expect(stdout).toMatch(/\nClient secret {2}[\w-]{43}\n/)
    expect((await run('applications', 'list')).stdout).toMatch(/^id +name +client id +API key +created\n/)
  })
})

describe('a command that cannot be done', () => {
  it('fails with exit code 1 and says why, as JSON with --json', async () => {
    const plain = await run('applications', 'rotate-secret', 'nobody')
    expect(plain).toEqual({ code: 1, stdout: '', stderr: 'error: application nobody does not exist\n' })
    const structured = await run('applications', 'delete', '999999', '--yes', '--json')
    expect(structured).toMatchObject({ code: 1, stdout: '' })
    expect(JSON.parse(structured.stderr)).toEqual({ error: 'application 999999 does not exist' })
  })

  it('asks before it deletes, and deletes nothing where nobody can answer', async () => {
    const { id } = await json('applications', 'create')
    const { code, stderr } = await run('applications', 'delete', String(id))
    expect(code).toBe(2)
    expect(stderr).toContain('--yes')
    expect(await json('applications', 'list')).toContainEqual(expect.objectContaining({ id }))
  })
})
