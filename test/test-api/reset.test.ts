import type { Channel } from '@chatkitty/core'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openContext } from '#context.ts'
import { theSystem } from '#domain/access/operator.ts'
import { rotateSecret } from '#domain/applications/rotate-secret.ts'
import { resetWorld } from '#domain/worlds/reset-world.ts'
import { connect, disconnect, done, refused } from '../conformance/realtime.ts'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import type { UserDocument } from '../support/documents.ts'
import { patienceMs } from '../support/patience.ts'
import { startTestApi, type TestApiServer, type World } from '../support/test-api.ts'
import { allPublished, dump, everything, furnish } from './furnished.ts'

let server: TestApiServer
beforeAll(async () => {
  server = await startTestApi({ RATE_LIMIT_PER_SECOND: 'off' })
})
afterAll(() => server.close())

const reset = (world: World) => server.testApi.post(`/worlds/${world.id}/reset`).expect(200)
const user = (name: string) => ({ name, displayName: name, isGuest: false })

/** Connects a device of a user, and waits for the response. */
async function dial({ apiKey, host }: World, name: string): Promise<StompClient> {
  const stomp = await StompClient.open(Number(host.split(':')[1]), `/rtm/websocket?api-key=${apiKey}`)
  stomp.send(frame('CONNECT', { 'accept-version': '1.2', 'StompX-User': name }))
  await stomp.next()
  return stomp
}

describe('a reset', () => {
  it('restores a world to its state after creation, with its ids, as often as it is requested', async () => {
    const world = await server.createWorld({ seed: everything, settings: { guestUsers: false } })
    const fresh = await dump(server)
    for (let round = 0; round < 3; round += 1) {
      await furnish(server, world)
      const as = server.as(world)
      await as
        .put('/application/settings')
        .send({ guestUsers: 'ENABLED', userCreatedChannels: 'DISABLED' })
        .expect(200)
      const { body: users } = await as.get('/users').expect(200)
      if (round > 0) await as.delete(`/users/${users._embedded.users[0].id}`).expect(200)
      const { body: channels } = await as.get('/channels').expect(200)
      if (round > 1) await as.delete(`/channels/${channels._embedded.channels[0].id}`).expect(200)
      await allPublished(server)
      expect((await reset(world)).body).toEqual(world)
      expect(await dump(server)).toEqual(fresh)
      const { body: settings } = await as.get('/application/settings').expect(200)
      expect(settings).toMatchObject({ guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' })
    }
    await server.testApi.delete(`/worlds/${world.id}`).expect(204)
    expect(Object.values(await dump(server)).flat()).toEqual([])
  })

  it.each([0, 3_600])(
    'leaves a world with credentials that work, although its secret was rotated, with an overlap of %i s',
    async (overlapSeconds) => {
      const world = await server.createWorld()
      const overlapMs = overlapSeconds * 1_000
      const { clientSecret } = await rotateSecret(server.ctx, theSystem, world.clientId, { overlapMs })
      const { body: shown } = await server.testApi.get(`/worlds/${world.id}`).expect(200)
      expect(shown).toEqual({ ...world, clientSecret })
      if (overlapSeconds === 0) await server.as(world).get('/users').expect(401)
      expect((await reset(world)).body).toEqual(shown)
      await server.testApi.post('/clock/advance').send({ hours: 2 }).expect(200)
      await server.as(world).get('/users').expect(200)
      await supertest(server.url)
        .post('/oauth/token')
        .type('form')
        .send({ grant_type: 'client_credentials', client_id: world.clientId, client_secret: clientSecret })
        .expect(200)
      await server.testApi.delete('/clock').expect(204)
      await server.testApi.delete(`/worlds/${world.id}`).expect(204)
    },
  )

  it('works where the database checks foreign keys, too', async () => {
    const world = await server.createWorld({ seed: everything })
    const fresh = await dump(server)
    await furnish(server, world)
    const { config, log, db } = server.ctx
    const role = `tester_${uuid().replaceAll('-', '')}`
    await db.pool.query(`create role ${role} login password 'open'; grant all on all tables in schema public to ${role};
      grant all on all sequences in schema public to ${role}`)
    const url = new URL(String(db.pool.options.connectionString))
    url.username = role
    url.password = 'open'
    const ctx = openContext(config, log, url.href)
    await resetWorld(ctx, world.id)
    await ctx.db.close()
    await db.pool.query(`drop owned by ${role}; drop role ${role}`)
    expect(await dump(server)).toEqual(fresh)
  })

  it('restores what a job is removing meanwhile', async () => {
    const world = await server.createWorld({ seed: everything })
    const fresh = await dump(server)
    const { pool } = server.ctx.db
    const job = await pool.connect()
    await job.query(
      `insert into job (application_id, type, input) values (${world.id}, 'CHANNEL_DELETION', '{}')`,
    )
    await job.query('begin')
    await job.query(`select from job where application_id = ${world.id} for update`)
    await job.query(`delete from thread where application_id = ${world.id}`)
    const done = reset(world)
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    const [, answer] = await Promise.all([
      vi
        .waitFor(async () => expect((await pool.query(waiting)).rowCount).toBe(1))
        .then(() => job.query('commit')),
      done,
    ])
    job.release()
    expect(answer.body).toEqual(world)
    expect(await dump(server)).toEqual(fresh)
  })

  it('keeps credentials and tokens', async () => {
    const world = await server.createWorld()
    const token = async () =>
      (
        await supertest(server.url)
          .post('/oauth/token')
          .auth(world.clientId, world.clientSecret)
          .type('form')
          .send({ grant_type: 'client_credentials' })
          .expect(200)
      ).body.access_token
    const before = await token()
    await reset(world)
    for (const each of [before, await token(), world.accessToken]) {
      await supertest(server.url).get('/v1/users').auth(each, { type: 'bearer' }).expect(200)
    }
  })

  it.each([
    ['reset', (world: World) => reset(world)],
    ['removed', (world: World) => server.testApi.delete(`/worlds/${world.id}`).expect(204)],
    [
      'restored',
      async (world: World) => {
        const { body } = await server.testApi.post(`/worlds/${world.id}/snapshots`).expect(201)
        await server.testApi.post(`/worlds/${world.id}/restore`).send({ snapshot: body.id }).expect(200)
      },
    ],
  ])('closes sockets with an ERROR that says that the world was %s, and no others', async (change, act) => {
    const world = await server.createWorld({ seed: everything })
    const other = await server.createWorld({ seed: everything })
    const [jane, bystander] = await Promise.all([dial(world, 'jane'), dial(other, 'jane')])
    await act(world)
    const { command, body } = await jane.next()
    expect(command).toBe('ERROR')
    expect(JSON.parse(body)).toMatchObject({ message: expect.stringContaining(`The world was ${change}`) })
    await jane.closed
    bystander.send(frame('SUBSCRIBE', { id: 'errors', destination: '/user/queue/errors', receipt: 'r' }))
    expect((await bystander.next()).command).toBe('RECEIPT')
    bystander.ws.close()
    if (change !== 'removed') {
      const { body: users } = await server.as(world).get('/users').expect(200)
      expect(users._embedded.users.some(({ presence }: UserDocument) => presence.online)).toBe(false)
    }
  })

  it('lets the official client reconnect to the reset world', async () => {
    const world = await server.createWorld({ seed: everything })
    const before = await connect(server, world, 'jane')
    const { paginator: channels } = await done(before.client.listChannels())
    const deck = channels.items.find(({ name }) => name === 'deck') as Channel
    await done(before.client.sendMessage({ channel: deck, body: 'before' }))
    await reset(world)
    await disconnect(before)
    const after = await connect(server, world, 'jane')
    const { paginator } = await done(after.client.listMessages({ channel: deck }))
    expect(paginator.items).toMatchObject([{ body: 'Land!' }, { body: 'Ahoy <@john>, see <#hold>' }])
    await disconnect(after)
  })
})

describe('settings', () => {
  it('refuse guests', async () => {
    const world = await server.createWorld({ settings: { guestUsers: 'DISABLED' } })
    expect((await dial(world, 'stranger')).frames).toMatchObject([
      { command: 'ERROR', body: expect.stringContaining('This application does not allow guests') },
    ])
  })

  it('keep users from creating channels', async () => {
    const world = await server.createWorld({ settings: { userCreatedChannels: false } })
    const jane = await connect(server, world, 'jane')
    await refused(jane.client.createChannel({ type: 'PUBLIC', name: 'den' }))
    await disconnect(jane)
  })
})

describe('a reset of the server', () => {
  it('removes all worlds and snapshots, empties the first application, and restarts ids at 1', async () => {
    const world = await server.createWorld({ seed: everything })
    await furnish(server, world)
    await server.testApi.post(`/worlds/${world.id}/snapshots`).expect(201)
    await server.main.post('/users', user('jane')).expect(200)
    const { body: channel } = await server.main.post('/channels', { type: 'PUBLIC', name: 'old' }).expect(200)
    await server.main.delete(`/channels/${channel.id}`).expect(200)
    await server.main
      .put('/application/settings', { guestUsers: 'DISABLED', userCreatedChannels: 'DISABLED' })
      .expect(200)

    await server.testApi.post('/reset').expect(204)
    expect((await server.testApi.get('/worlds').expect(200)).body).toEqual({ worlds: [] })
    await server.as(world).get('/users').expect(401)
    expect(Object.values(await dump(server)).flat()).toEqual([])
    const { body: settings } = await server.main.get('/application/settings').expect(200)
    expect(settings).toMatchObject({ guestUsers: 'ENABLED', userCreatedChannels: 'ENABLED' })

    expect((await server.main.post('/users', user('jane')).expect(200)).body.id).toBe(1)
    const { body: first } = await server.main.post('/channels', { type: 'PUBLIC' }).expect(200)
    expect(first.id).toBe(1)
    const { body: message } = await server.main
      .post('/channels/1/messages', { type: 'TEXT', body: 'Hi', user: { id: 1 } })
      .expect(200)
    expect(message.id).toBe(2) // 1 is the channel's main thread
    expect((await server.main.get('/channels/1/messages').expect(200)).body.page.total).toBe(1)
    const next = await server.createWorld({ seed: everything })
    expect(next.id).toBe(server.main.id + 1)
    const { body: snapshot } = await server.testApi.post(`/worlds/${next.id}/snapshots`).expect(201)
    expect(snapshot.id).toBe(1)
  })

  it('clears caches of functions with the same ids', async () => {
    const script = (result: number) => `export async function handleEvent() { return ${result} }`
    const results: unknown[] = []
    for (const result of [1, 2]) {
      await server.testApi.post('/reset').expect(204)
      const seed = {
        ...everything,
        functions: [{ name: 'f', event: 'user.sent.message', script: script(result) }],
      }
      const as = server.as(await server.createWorld({ seed }))
      await as
        .post('/channels/1/messages')
        .send({ type: 'TEXT', body: 'Hi', user: { username: 'jane' } })
        .expect(200)
      await vi.waitFor(
        async () => {
          const { body } = await as.get('/functions/1/invocations').expect(200)
          expect(body._embedded.invocations[0].status).toBe('SUCCEEDED')
          results.push(body._embedded.invocations[0].result.payload)
        },
        { timeout: patienceMs, interval: 20 },
      )
    }
    expect(results).toEqual([1, 2])
  })
})
