// Webhooks, from the event to its delivery, according to the Standard Webhooks specification.
import type { Message } from '@chatkitty/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { noteAttempt } from '#data/webhooks/deliveries.ts'
import { connect, disconnect, done } from '../conformance/realtime.ts'
import { type AdminClient, createAdmin } from '../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { noteDeletions } from '../support/note-deletions.ts'
import { startTestApi, type TestApiServer } from '../support/test-api.ts'
import { createHook, type Received, Receiver, verified } from './receiver.ts'

let server: TestApiServer
let admin: AdminClient
let receiver: Receiver
beforeAll(async () => {
  server = await startTestApi({ FUNCTION_EGRESS: 'open' })
  admin = await createAdmin(server, 'developer')
})
beforeEach(async () => {
  await server.ctx.db.pool.query('delete from webhook')
  receiver?.close()
  receiver = await Receiver.open()
})
afterAll(async () => {
  receiver?.close()
  await server.close()
})

const path = () => `/applications/${server.main.id}/webhooks`
const hook = (fields: Record<string, unknown> = {}) =>
  createHook(admin, path(), { url: receiver.url, ...fields })

async function deliveries(id: number, query = '') {
  const { body } = await admin.get(`${path()}/${id}/deliveries${query}`).expect(200)
  return body.items
}

/** Waits until all events so far are taken from the outbox. */
const taken = () =>
  expect.poll(async () => (await server.ctx.db.pool.query('select from outbox_event')).rowCount).toBe(0)

describe('a webhook', () => {
  it('receives events, in the schema of the Platform API, signed according to Standard Webhooks', async () => {
    const { secret, ...shown } = await hook({ description: 'ours' })
    expect(shown).toMatchObject({ url: receiver.url, events: ['*'], enabled: true, description: 'ours' })
    expect(secret).toMatch(/^whsec_/)
    const user = await createUser(server.main)
    const channel = await createChannel(server.main, { name: 'news', members: [{ username: user.name }] })
    const message = await sendMessage(server.main, channel.id, { user: { username: user.name }, body: 'Hi' })
    await receiver.hasReceived(4) // otherwise, events about rows deleted by then would only contain ids
    await server.main.delete(`/messages/${message.id}`).expect(200)
    await server.main.delete(`/channels/${channel.id}`).expect(200)
    await server.main.delete(`/users/${user.id}`).expect(200)
    await receiver.hasReceived(7)
    expect(receiver.types().toSorted()).toEqual(
      [
        'user.created',
        'channel.created',
        'channel.member.added',
        'message.created',
        'message.deleted',
        'channel.deleted',
        'user.deleted',
      ].toSorted(),
    )
    for (const each of receiver.received) {
      expect(verified(secret, each)).toEqual(each.event)
      expect(each.headers['content-type']).toBe('application/json')
      expect(each.path).toBe('/hook?key=1')
      expect(Date.parse(each.event.timestamp)).not.toBeNaN()
    }
    const ids = new Set(receiver.received.map(({ headers }) => headers['webhook-id']))
    expect(ids.size).toBe(7)
    const of = (type: string) => receiver.received.find(({ event }) => event.type === type)?.event.data
    expect(of('message.created')).toMatchObject({ id: message.id, body: 'Hi', user: { name: user.name } })
    expect(of('message.deleted')).toMatchObject({ id: message.id })
    expect(of('channel.member.added')).toMatchObject({ channel: { id: channel.id }, user: { id: user.id } })
    expect(of('channel.deleted')).toMatchObject({ id: channel.id, name: 'news' })
    // The response is stored after the receiver has sent it.
    const newest = async () => (await deliveries(shown.id))[0]
    await expect.poll(newest).toMatchObject({ state: 'delivered', attempts: [{ status: 204 }] })
    const last = await newest()
    expect(JSON.parse(last.body)).toEqual(receiver.received.find(({ body }) => body === last.body)?.event)
  })

  it('may be deleted during an attempt, which holds no lock that the deletion needs', async () => {
    const { id: webhookId } = await hook()
    await createUser(server.main)
    await expect.poll(() => deliveries(webhookId)).toMatchObject([{ state: 'delivered' }])
    const [{ id, attempts }] = await deliveries(webhookId)
    const pending = `state = 'PENDING', next_time = now() + interval '1 day'`
    await server.ctx.db.pool.query(`update webhook_delivery set ${pending} where id = $1`, [id])
    const deletion = await server.ctx.db.pool.connect()
    try {
      await deletion.query('begin')
      await deletion.query('select from webhook where id = $1 for update', [webhookId])
      const noted = noteAttempt(server.ctx.db, { id, webhookId }, { attempt: attempts[0], state: 'pending' })
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      await expect.poll(async () => (await deletion.query(waiting)).rowCount).toBe(1)
      await deletion.query('select from webhook_delivery where id = $1 for update nowait', [id])
      await deletion.query('delete from webhook where id = $1', [webhookId])
      await deletion.query('commit')
      expect(await noted).toBeUndefined()
    } finally {
      deletion.release()
    }
  })

  it('is deleted with its deliveries in several transactions, whose time is limited', async () => {
    const { id } = await hook({ enabled: false })
    const { pool } = server.ctx.db
    await pool.query(
      `insert into webhook_delivery (webhook_id, type) select $1, 'user.created' from generate_series(1, 5002)`,
      [id],
    )
    const deleted = await noteDeletions(pool, 'webhook_delivery')
    await admin.delete(`${path()}/${id}`).expect(204)
    expect(await deleted()).toEqual([5_000, 2])
  })

  it('receives only the events it subscribed to, none of other applications, and none while it is off', async () => {
    const { id } = await hook({ events: ['channel.created'] })
    await createUser(server.main)
    await createChannel(await server.createApplication())
    const channel = await createChannel(server.main)
    await receiver.hasReceived(1)
    expect(receiver.received[0]?.event).toMatchObject({ type: 'channel.created', data: { id: channel.id } })
    await admin.patch(`${path()}/${id}`, { enabled: false, description: null }).expect(200)
    await createChannel(server.main)
    await taken()
    await admin.patch(`${path()}/${id}`, { enabled: true }).expect(200)
    const next = await createChannel(server.main)
    await receiver.hasReceived(2)
    expect(receiver.received[1]?.event.data.id).toBe(next.id)
  })

  it('receives arrivals, departures and reactions of users, and results of functions and jobs', async () => {
    const events = ['user.connected', 'user.disconnected', 'reaction.added', 'function.failed', 'job.ended']
    await hook({ events })
    const name = (await createUser(server.main)).name
    const device = await connect(server, server.main, name)
    const channel = await createChannel(server.main, { members: [{ username: name }] })
    const sent = await sendMessage(server.main, channel.id)
    const own = (await done(device.client.retrieveChannel(channel.id))).channel
    const { paginator } = await done(device.client.listMessages({ channel: own }))
    await done(device.client.reactToMessage({ message: paginator.items[0] as Message, emoji: '👍' }))
    await server.main.post('/analytics/users').expect((answer) => expect(answer.status).toBeLessThan(300))
    await disconnect(device)
    await expect
      .poll(() => receiver.types().toSorted())
      .toEqual(['job.ended', 'reaction.added', 'user.connected', 'user.disconnected'])
    const reaction = receiver.received.find(({ event }) => event.type === 'reaction.added')?.event.data
    expect(reaction).toMatchObject({ emoji: { character: '👍' }, message: { id: sent.id } })
  })

  it('receives the events of a channel in order, though it is slow', async () => {
    const { id } = await hook({ events: ['message.created'] })
    const channel = await createChannel(server.main)
    receiver.answers.push(...Array.from({ length: 20 }, (_, at) => ({ status: 200, delayMs: at % 3 })))
    for (let at = 0; at < 20; at++) await sendMessage(server.main, channel.id, { body: `${at}` })
    const delivered = async () => (await deliveries(id, '?state=delivered&limit=50')).toReversed()
    await expect.poll(delivered).toHaveLength(20)
    const all = await delivered()
    const bodyOf = ({ body }: { body: string }) => JSON.parse(body).data.body
    expect(all.map(bodyOf)).toEqual(Array.from({ length: 20 }, (_, at) => `${at}`))
    // On a machine that takes more than a second per delivery, they may arrive in another order.
    const began = all.map(({ attempts }: { attempts: { time: string }[] }) => attempts[0]?.time)
    expect(began).toEqual(began.toSorted())
  })

  it('receives nothing from a process that lost the lead, which does not reopen what the next one delivered', async () => {
    const { id: webhookId } = await hook({ events: ['message.created'] })
    const channel = await createChannel(server.main)
    receiver.answers.push({ status: 500, delayMs: 1_500 })
    await sendMessage(server.main, channel.id, { body: 'frozen' })
    await sendMessage(server.main, channel.id, { body: 'in line' })
    await receiver.hasReceived(1)
    const next = await server.ctx.db.pool.connect() // lives as long as it holds the lock of its node
    await next.query('select pg_advisory_lock(1852793957, 2000000003)')
    await next.query(
      `update lease set node = 2000000003, term = term + 1, expires = 'infinity' where name = 'events'`,
    )
    await expect.poll(() => server.ctx.node.isLeader).toBe(false)
    const first = `(select min(id) from webhook_delivery where webhook_id = $1)`
    const sent = `update webhook_delivery set state = 'DELIVERED', attempts = '[]' where id = ${first} returning id`
    const [row] = (await next.query(sent, [webhookId])).rows
    await expect.poll(() => receiver.answered).toBe(1)
    await next.query('select pg_advisory_unlock_all()')
    next.release()
    await expect.poll(async () => (await deliveries(webhookId, '?state=delivered')).length).toBe(2)
    const delivered = (await deliveries(webhookId)).find(({ id }: { id: number }) => id === Number(row.id))
    expect(delivered).toMatchObject({ state: 'delivered', attempts: [] })
    expect(receiver.received.map(({ event }) => event.data.body)).toEqual(['frozen', 'in line'])
  })

  it('receives the events of a channel in order behind an answer that takes long', async () => {
    const { id } = await hook({ events: ['message.created'] })
    const channel = await createChannel(server.main)
    receiver.answers.push({ status: 200, delayMs: 4_000 })
    await sendMessage(server.main, channel.id, { body: 'slow' })
    await receiver.hasReceived(1)
    await sendMessage(server.main, channel.id, { body: 'first' })
    await expect.poll(() => deliveries(id)).toHaveLength(2)
    const client = await server.ctx.db.pool.connect()
    await client.query('begin') // holds up the first of those that wait
    await client.query(
      'select from webhook_delivery where id = (select max(id) from webhook_delivery) for update',
    )
    await sendMessage(server.main, channel.id, { body: 'second' })
    const waiting = 'select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))'
    const isHeldUp = async () =>
      receiver.received.length > 1 || ((await client.query(waiting)).rowCount ?? 0) > 0
    await expect.poll(isHeldUp).toBe(true)
    await client.query('select pg_sleep(0.3)')
    await client.query('commit')
    client.release()
    await receiver.hasReceived(3)
    expect(receiver.received.map(({ event }) => event.data.body)).toEqual(['slow', 'first', 'second'])
  })

  it('that is unreachable or slow delays no other', async () => {
    await hook({ url: 'http://127.0.0.1:1/', events: ['message.created'] })
    const slow = await Receiver.open()
    slow.answers.push(...Array.from({ length: 30 }, () => ({ status: 200, delayMs: 3_000 })))
    await hook({ url: slow.url, events: ['message.created'] })
    const { id } = await hook({ events: ['message.created'] })
    const channel = await createChannel(server.main)
    for (let at = 0; at < 30; at++) await sendMessage(server.main, channel.id)
    await receiver.hasReceived(30)
    await expect.poll(() => deliveries(id, '?state=pending')).toEqual([])
    expect(slow.received.length).toBeLessThan(30)
    slow.close()
  })

  it('receives its events, though more webhooks hang than there are concurrent attempts', async () => {
    const silent = await Receiver.open()
    silent.hold()
    try {
      const ids: number[] = []
      for (let nth = 0; nth < 12; nth++) {
        ids.push((await hook({ url: silent.url, events: ['message.created'] })).id)
      }
      await hook({ events: ['message.created'] })
      const channels = await Promise.all(Array.from({ length: 8 }, () => createChannel(server.main)))
      for (const { id } of channels) await sendMessage(server.main, id)
      await receiver.hasReceived(8)
      // The deliveries did not wait until the attempts of the other webhooks timed out.
      for (const id of ids) {
        expect((await deliveries(id)).flatMap(({ attempts }: { attempts: object[] }) => attempts)).toEqual([])
      }
    } finally {
      silent.close()
    }
  })
})

describe('a delivery that fails', () => {
  it('is retried unchanged, at the times that the specification proposes, until it is given up', async () => {
    const { id, secret } = await hook({ events: ['user.created'] })
    receiver.answers.push(...Array.from({ length: 10 }, () => ({ status: 500, body: 'x'.repeat(5_000) })))
    await createUser(server.main)
    await receiver.hasReceived(1)
    const steps = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    for (const [at, seconds] of steps.entries()) {
      await expect.poll(async () => (await deliveries(id))[0].attempts.length).toBe(at + 1)
      const [{ nextTime, attempts, state }] = await deliveries(id)
      expect(state).toBe('pending')
      const pause = (Date.parse(nextTime) - Date.parse(attempts.at(-1).time)) / 1_000
      expect(pause).toBeGreaterThanOrEqual(seconds - 1)
      expect(pause).toBeLessThan(seconds * 1.1 + 2)
      await server.clock.advance({ seconds: seconds * 1.1 + 2 })
      await receiver.hasReceived(at + 2)
    }
    const [delivery] = await deliveries(id, '?state=failed')
    expect(delivery.attempts).toHaveLength(10)
    expect(delivery.attempts[0]).toMatchObject({ status: 500, error: 'answered 500' })
    expect(delivery.attempts[0].answer).toHaveLength(4_096)
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    await admin.post(`${path()}/${id}/deliveries/${delivery.id}/replay`).expect(202)
    await receiver.hasReceived(11)
    expect(receiver.received[10]?.headers['webhook-id']).toBe(delivery.messageId)
    expect(verified(secret, receiver.received[10] as Received)).toBeDefined()
    await server.clock.release()
  })

  it('waits as long as Retry-After says, follows no redirect, and stops at a 410', async () => {
    const { id } = await hook({ events: ['user.created'] })
    receiver.answers.push(
      { status: 503, headers: { 'retry-after': '120' } },
      { status: 302, headers: { location: receiver.url } },
      { status: 410 },
    )
    await createUser(server.main)
    await expect.poll(async () => (await deliveries(id))[0]?.attempts.length).toBe(1)
    const [{ nextTime, attempts }] = await deliveries(id)
    expect(Date.parse(nextTime) - Date.parse(attempts[0].time)).toBeGreaterThan(119_000)
    await server.clock.advance({ seconds: 121 })
    await expect.poll(async () => (await deliveries(id))[0].attempts.length).toBe(2)
    await server.clock.advance({ minutes: 6 })
    await expect.poll(async () => (await deliveries(id))[0].state).toBe('failed')
    expect(receiver.received).toHaveLength(3)
    const { body } = await admin.get(`${path()}/${id}`).expect(200)
    expect(body).toMatchObject({ enabled: false, failingSince: expect.any(String) })
    const owner = await createAdmin(server, 'owner')
    const { body: audit } = await owner.get('/audit?action=webhook.switched_off').expect(200)
    expect(audit.items[0]).toMatchObject({ target: { id: String(id) }, actor: { type: 'system' } })
    await server.clock.release()
  })
})
