// The testing kit as used by the tests of an app: the server is a separate process.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connectApi } from '@chatkitty/core'
import { ChatKitty } from 'chatkitty'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Chatterie, connectChatterie, type Seed, startChatterie, type World } from '#testing/index.ts'
import { test as withFixtures } from '#testing/vitest.ts'
import { cloneDatabase } from '../support/server.ts'
import { ask, createUser } from './ask.ts'

let chatterie: Awaited<ReturnType<typeof startChatterie>>
beforeAll(async () => {
  chatterie = await startChatterie()
})
afterAll(() => chatterie?.close())

const seed: Seed = {
  users: [
    { name: 'jane', displayName: 'Jane', isGuest: true, properties: { a_b: 1 } },
    { name: 'joe', displayName: 'Joe' },
  ],
  channels: [
    { type: 'PUBLIC', name: 'lobby', members: ['jane', 'joe'], creator: 'jane' },
    { type: 'DIRECT', members: ['jane', 'joe'] },
  ],
  messages: [
    { type: 'TEXT', channel: 'lobby', user: 'jane', body: 'Hello' },
    { type: 'SYSTEM_TEXT', channel: 'lobby', body: 'Welcome' },
  ],
}

const usersOf = async (world: Pick<World, 'url' | 'accessToken'>) => {
  const { _embedded: { users = [] } = {} } = (await ask(world, 'GET', '/users')).body
  return users.map(({ name }: { name: string }) => name).toSorted()
}

describe('a server', () => {
  it('has its own application beside its worlds', async () => {
    await chatterie.createWorld({ seed })
    expect(await usersOf(chatterie)).toEqual([])
    expect(chatterie.environment).toEqual({ host: new URL(chatterie.url).host, secure: false })
  })

  it('that does not start gives the reason', async () => {
    const port = Number(new URL(chatterie.url).port)
    await expect(startChatterie({ port })).rejects.toThrow(
      /^Chatterie did not start: it ended with 1\n.*PORT/s,
    )
    const messages = [{ type: 'TEXT' as const, channel: 'nowhere', user: 'nobody', body: 'x' }]
    await expect(startChatterie({ seed: { messages } })).rejects.toThrow(/seed\.messages\[0\]/)
  })

  it('has only the options that are documented', async () => {
    const options = { prot: 9001 } as object
    await expect(startChatterie(options)).rejects.toThrow('startChatterie has no option prot')
  })

  it('starts with a seed, can be closed repeatedly, and answers nothing afterwards', async () => {
    const other = await startChatterie({ seed })
    expect(await usersOf(other)).toEqual(['jane', 'joe'])
    await Promise.all([other.close(), other.close()])
    await other.close()
    await expect(other.createWorld()).rejects.toThrow('POST /_test/worlds: this Chatterie is closed')
    await expect(connectChatterie(other.url)).rejects.toThrow(/nothing answers at/)
  })

  it('says what is missing if there is no URL to connect to', async () => {
    await expect(connectChatterie(process.env.CHATTERIE_NO_URL)).rejects.toThrow(/is CHATTERIE_URL set/)
  })

  it('is used with the TEST_API_TOKEN that it inherits', async () => {
    vi.stubEnv('TEST_API_TOKEN', 'a-token-of-this-machine')
    const other = await startChatterie()
    vi.unstubAllEnvs()
    const world = await other.createWorld({ seed })
    expect(await usersOf(world)).toEqual(['jane', 'joe'])
    await expect(connectChatterie(other.url)).rejects.toThrow('TEST_API_TOKEN')
    await other.close()
  })

  it('can be started again and again on one database, each time with an application of its own', async () => {
    const database = await cloneDatabase()
    const first = await startChatterie({ databaseUrl: database.url, seed })
    await first.createWorld({ seed })
    await first.close()
    const second = await startChatterie({ databaseUrl: database.url, seed })
    expect(second.clientId).not.toBe(first.clientId)
    expect(await usersOf(second)).toEqual(['jane', 'joe'])
    expect(await usersOf(await second.createWorld())).toEqual([])
    const { clientId, clientSecret, url } = second
    const answer = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    expect(answer.status).toBe(200)
    await second.close()
    await database.drop()
  })

  it('that was connected to keeps running when the connection is closed, without the worlds created through it', async () => {
    const connected: Chatterie = await connectChatterie(`${chatterie.url}/`)
    const world = await connected.createWorld()
    await connected.close()
    const left = await chatterie.worlds()
    expect(left.map(({ id }) => id)).not.toContain(world.id)
  })
})

describe('a world', () => {
  it('serves the official clients with its seed', async () => {
    const world = await chatterie.createWorld({ name: 'checkout', seed })
    const { clientId, clientSecret, apiKey, environment, url } = world
    const authorizationBasePath = `${url}/oauth/token`
    const chatkitty = new ChatKitty({ clientId, clientSecret, basePath: url, authorizationBasePath })
    const { data: page } = await chatkitty.ChannelsApi.listChannels()
    expect(page._embedded?.channels).toHaveLength(2)
    const connection = await connectApi({ apiKey, username: 'jane', $environment: environment })
    expect(connection.user.value).toMatchObject({
      displayName: 'Jane',
      isGuest: true,
      properties: { a_b: 1 },
    })
    await connection.dispose()
  })

  it('whose seed is invalid is not created, and the error names the place', async () => {
    const before = await chatterie.worlds()
    const users = [...(seed.users ?? []), { name: '', displayName: 'Nobody' }]
    const making = chatterie.createWorld({ seed: { ...seed, users } })
    await expect(making).rejects.toThrow(/POST \/_test\/worlds answered 400: .*seed\.users\[2\]\.name/)
    await expect(making).rejects.toMatchObject({ name: 'ChatterieError', status: 400 })
    expect(await chatterie.worlds()).toHaveLength(before.length)
  })

  it('is as it was when it is reset', async () => {
    const world = await chatterie.createWorld({ seed })
    await createUser(world, 'ann')
    await world.reset()
    expect(await usersOf(world)).toEqual(['jane', 'joe'])
  })

  it('is restored to a snapshot, and forked from one, on the same or another server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chatterie-kit-'))
    const world = await chatterie.createWorld({ seed })
    const snapshot = await world.snapshot('seeded')
    expect(snapshot).toMatchObject({ name: 'seeded', size: expect.any(Number) })
    await createUser(world, 'ann')
    await world.restore(snapshot)
    expect(await usersOf(world)).toEqual(['jane', 'joe'])
    const file = join(folder, 'seeded.ndjson')
    const text = await snapshot.download(file)
    expect(await readFile(file, 'utf8')).toBe(text)
    expect(Buffer.byteLength(text)).toBe(snapshot.size)
    const uploaded = await chatterie.uploadSnapshot(file)
    const fork = await chatterie.createWorld({ snapshot: uploaded })
    expect(await usersOf(fork)).toEqual(['jane', 'joe'])
    expect((await world.snapshots()).map(({ id }) => id)).toContain(snapshot.id)
    await snapshot.remove()
    await snapshot.remove()
    expect((await world.snapshots()).map(({ id }) => id)).not.toContain(snapshot.id)
    await expect(world.restore(snapshot)).rejects.toThrow(`snapshot ${snapshot.id} does not exist`)
    await rm(folder, { recursive: true })
  })

  it('is removed, and removing it again is no error', async () => {
    const world = await chatterie.createWorld({ seed })
    await Promise.all([world.remove(), world.remove()])
    await world.remove()
    expect((await ask(world, 'GET', '/users')).status).toBe(401)
    await expect(world.reset()).rejects.toThrow(`world ${world.id} does not exist`)
  })
})

describe('a reset of the server', () => {
  it('removes all worlds: removing one of them again is no error, and leaves later worlds alone', async () => {
    const old = await chatterie.createWorld({ seed })
    const [listed] = await chatterie.worlds()
    const actor = await old.actor('jane')
    await chatterie.reset()
    const later = await chatterie.createWorld({ seed })
    expect(later.id).toBeLessThanOrEqual(old.id) // ids start again
    await Promise.all([old.remove(), listed?.remove()])
    expect(await usersOf(later)).toEqual(['jane', 'joe'])
    await later.remove()
    await actor.close()
  })

  it('by others does not fail the end of a connection, or of a world', async () => {
    const connected = await connectChatterie(chatterie.url)
    const world = await connected.createWorld()
    await connected.createWorld()
    await chatterie.reset()
    await world.remove()
    await connected.close()
  })
})

describe('the clock', () => {
  it('is set, frozen, advanced and released', async () => {
    const { clock } = chatterie
    await clock.freeze('2030-12-24T18:00:00Z')
    expect(await clock.advance({ hours: 1, minutes: 30 })).toMatchObject({
      now: new Date('2030-12-24T19:30:00Z'),
      frozen: true,
    })
    await clock.set(new Date('2031-01-01T00:00:00Z'))
    expect(await clock.now()).toEqual(new Date('2031-01-01T00:00:00Z'))
    expect(await clock.resume()).toMatchObject({ frozen: false })
    await clock.release()
    expect(await clock.state()).toMatchObject({ frozen: false, offsetMs: 0 })
    await expect(clock.set('tomorrow')).rejects.toThrow('tomorrow is not a time')
    await expect(clock.advance({})).rejects.toThrow(/answered 400: give a duration/)
  })
})

describe('faults', () => {
  it('apply as often as they say, and can be removed, again without error', async () => {
    const world = await chatterie.createWorld()
    const once = await world.fail({ operation: 'createUser' }, { status: 503, after: true, times: 1 })
    expect((await createUser(world, 'ann')).status).toBe(503)
    expect(await usersOf(world)).toEqual(['ann'])
    expect((await createUser(world, 'bob')).status).toBe(200)
    expect(await once.current()).toMatchObject({ hits: 1, times: 1 })
    const always = await world.fail({ method: 'GET', path: '/v1/**' }, { status: 429 })
    expect((await ask(world, 'GET', '/users')).status).toBe(429)
    await always.remove()
    await always.remove()
    expect((await ask(world, 'GET', '/users')).status).toBe(200)
    expect(await world.faults()).toHaveLength(1)
    const effect = undefined as never
    await expect(world.fail({ operation: 'createUser' }, effect)).rejects.toThrow(
      /do: must have one of status, /,
    )
    await world.removeFaults()
    expect(await world.faults()).toEqual([])
    await expect(once.current()).rejects.toThrow(`Fault ${once.id} is removed`)
  })
})

describe('a webhook', () => {
  it('receives events of a world, fails as it is told to, and is retried as time advances', async () => {
    const received: string[] = []
    const receiver = createServer(async (request, response) => {
      received.push(await text(request))
      response.setHeader('content-type', 'application/json').end('{"thanks": true, "token": "t"}')
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
    const world = await chatterie.createWorld()
    const webhook = await world.createWebhook({ url, events: ['user.created'] })
    expect(webhook).toMatchObject({ url, events: ['user.created'], secret: expect.stringMatching(/^whsec_/) })
    const fault = await world.fail({ webhook: webhook.id }, { status: 503, times: 1 })
    await createUser(world, 'ann')
    const failed = await world.expect({ kind: 'webhook', webhook: webhook.id, status: 503 })
    expect(failed).toMatchObject({ type: 'user.created', attempt: 1, fault: fault.id, error: 'answered 503' })
    expect(received).toEqual([])
    await chatterie.clock.advance({ seconds: 10 })
    const delivered = await world.expect({ kind: 'webhook', attempt: 2, delivery: failed.delivery })
    expect(delivered).toMatchObject({
      status: 200,
      requestBody: { type: 'user.created', data: { name: 'ann' } },
      responseBody: { thanks: true, token: '***' },
    })
    expect(received.map((body) => JSON.parse(body))).toEqual([delivered.requestBody])
    await webhook.remove()
    await webhook.remove()
    const { position } = delivered
    await createUser(world, 'bob')
    await world.expectNone({ kind: 'webhook' }, { after: position, forMs: 50 })
    await chatterie.clock.release()
    receiver.close()
  })
})

describe('the fixtures for Vitest', () => {
  const servers = new Set<Chatterie>()
  beforeAll(() => {
    vi.stubEnv('CHATTERIE_URL', chatterie.url)
  })
  afterAll(() => vi.unstubAllEnvs())

  withFixtures('give a test a world with its name', async ({ chatterie: server, world }) => {
    servers.add(server)
    expect(world.name).toBe('give a test a world with its name')
  })

  const seeded = withFixtures.extend('worldOptions', { seed })
  seeded('use one server in a worker, however they are extended', async ({ chatterie: server, world }) => {
    expect(await usersOf(world)).toEqual(['jane', 'joe'])
    expect([...servers.add(server)]).toHaveLength(1)
  })
})
