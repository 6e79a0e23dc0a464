import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chatterie, type Ran, type RunningServer, startByCommand } from './run.ts'

const home = join(tmpdir(), `chatterie-cli-${uuid()}`)
const files = join(home, 'test-files')

let server: RunningServer
beforeAll(async () => {
  await mkdir(files, { recursive: true })
  server = await startByCommand({ CHATTERIE_HOME: home })
})
afterAll(async () => {
  await server.stop()
  await rm(home, { recursive: true, force: true })
})

/** Runs a command on the server's machine, with the credentials in the home folder. */
const run = (...args: string[]): Promise<Ran> =>
  chatterie([...args, '--url', server.url], { CHATTERIE_HOME: home })

async function fileOf(items: unknown): Promise<string> {
  const path = join(files, `${uuid()}.json`)
  await writeFile(path, typeof items === 'string' ? items : JSON.stringify(items))
  return path
}

async function ask(path: string) {
  const { clientId, clientSecret } = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8'))
  const { body } = await supertest(server.url)
    .post('/oauth/token')
    .auth(clientId, clientSecret)
    .type('form')
    .send({ grant_type: 'client_credentials' })
  const answer = await supertest(server.url)
    .get(`/v1${path}`)
    .set('authorization', `Bearer ${body.access_token}`)
    .expect(200)
  return answer.body
}

describe('import', () => {
  it('stores users, channels, members and messages', async () => {
    const users = await fileOf(['ann', 'ben'].map((name) => ({ name, displayName: name, properties: {} })))
    const done = await run('import', 'users', users, '--json')
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(done.stdout)).toMatchObject({
      id: expect.any(Number),
      type: 'USER_IMPORT',
      state: 'FINISHED',
      processed: 2,
      failed: 0,
      errors: [],
    })
    const channels = await fileOf([{ type: 'PUBLIC', name: 'lobby', members: ['ann'] }])
    expect(await run('import', 'channels', channels)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Job \d+ finished: 1 items stored, 0 failed\.\n$/),
    })
    const [channel] = (await ask('/channels'))._embedded.channels
    const members = await fileOf([{ username: 'ben' }])
    expect(await run('import', 'channel-members', members, '--channel', channel.id)).toMatchObject({
      code: 0,
    })
    expect((await ask(`/channels/${channel.id}/members`)).page.totalElements).toBe(2)
    const messages = await fileOf([
      { type: 'TEXT', channelId: channel.id, user: 'ann', body: 'Hi' },
      { type: 'SYSTEM_TEXT', channelId: channel.id, body: 'Welcome' },
    ])
    expect(await run('import', 'messages', messages)).toMatchObject({ code: 0 })
    expect((await ask(`/channels/${channel.id}/messages`))._embedded.messages).toHaveLength(2)
  })

  it('fails with 1 where items could not be stored, and says which and why', async () => {
    const some = await fileOf([{ name: 'carl', displayName: 'Carl', properties: {} }, { name: '' }, 7])
    const { code, stdout } = await run('import', 'users', some)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^Job \d+ finished: 1 items stored, 2 failed\.\n {2}item 1: .+\n {2}item 2: .+\n$/)
  })

  it('fails with 1 where the file is no JSON array', async () => {
    const { code, stdout } = await run('import', 'users', await fileOf('{"name":'), '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ state: 'FAILED' })
  })

  it('fails with 1 where the secret is wrong', async () => {
    const wrong = ['--client-id', 'nobody', '--client-secret', 'wrong']
    const { code, stderr } = await run('import', 'users', await fileOf([]), ...wrong)
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'error: Bad client credentials (401)\n' })
  })
})

describe('export', () => {
  it.each(['messages', 'users'])('writes the %s to a file, completely or not at all', async (what) => {
    const path = join(files, `${what}.csv`)
    const { code, stdout } = await run('export', what, '--output', path, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ file: path, id: expect.any(Number) })
    const lines = (await readFile(path, 'utf8')).trim().split(/\r?\n/)
    expect(lines[0]).toMatch(/^\w+(,\w+)+$/)
    expect(lines.length).toBeGreaterThan(1)
    expect((await readdir(files)).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('writes to stdout where no file is given', async () => {
    const path = join(files, 'same.csv')
    await run('export', 'users', '--output', path)
    const { code, stdout, stderr } = await run('export', 'users')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(await readFile(path, 'utf8'))
  })
})

describe('an upload', () => {
  /** Runs `work` with a stub server that accepts any request and returns the given states of the job, one per poll. */
  async function withStub<T>(
    states: (string | number)[],
    work: (url: string, sizes: number[]) => Promise<T>,
  ) {
    const sizes: number[] = []
    const stub = createServer(async (request, response) => {
      let size = 0
      for await (const chunk of request) size += chunk.length
      if (request.url?.startsWith('/v1/imports')) sizes.push(size)
      const state = request.url?.startsWith('/v1/jobs/') ? states.shift() : 'PENDING'
      const job = { id: 1, state, processed: 1, failed: 0, errors: [], access_token: 'x' }
      response.writeHead(typeof state === 'number' ? state : 200).end(JSON.stringify(job))
    }).listen(0, '127.0.0.1')
    await once(stub, 'listening')
    try {
      return await work(`http://127.0.0.1:${(stub.address() as AddressInfo).port}`, sizes)
    } finally {
      stub.closeAllConnections()
      stub.close()
    }
  }

  const who = ['--client-id', 'x', '--client-secret', 'y']
  const settings = { CHATTERIE_HOME: home }

  it('survives refused polls of a server that restarts', async () => {
    const states = ['PENDING', 503, 'RUNNING', 429, 'FINISHED']
    const path = await fileOf([])
    const { code } = await withStub(states, (url) =>
      chatterie(['import', 'users', path, ...who, '--url', url], settings),
    )
    expect({ code, states }).toEqual({ code: 0, states: [] })
  })

  it('of a large file is streamed, not held in memory', async () => {
    const size = 1_000_000_000
    const path = await fileOf('')
    await truncate(path, size)
    const report = `process.on('exit',()=>process.stderr.write(String(process.resourceUsage().maxRSS)))`
    await withStub(['FINISHED'], async (url, sizes) => {
      const args = ['import', 'users', path, ...who, '--url', url]
      const { code, stderr } = await chatterie(args, settings, ['--import', `data:text/javascript,${report}`])
      expect(code).toBe(0)
      expect(sizes[0]).toBeGreaterThan(size)
      // Usually 165 MB, and up to 460 MB on a busy machine, where sent chunks are garbage-collected late.
      expect(Number(stderr) * 1024).toBeLessThan(size)
    })
  })
})
