// In work that is done in batches, one item cannot block the others.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Batches } from '#jobs/batches.ts'
import { createAdmin } from '../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy, endedInvocations } from '../support/functions.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Receiver } from '../webhooks/receiver.ts'

it('items are processed in order, and one that always fails is set aside after three tries on its own', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.integer({ min: 1, max: 16 }),
      async (good, max) => {
        const waiting = good.map((_, id) => id)
        const done: number[] = []
        const aside: number[] = []
        const alone = new Map<number, number>()
        const batches = new Batches<boolean>({
          max,
          async take(limit, only) {
            if (only !== undefined) alone.set(only, (alone.get(only) ?? 0) + 1)
            const batch = only === undefined ? waiting.slice(0, limit) : [only]
            if (batch.some((id) => !good[id])) throw new Error('no')
            waiting.splice(0, batch.length)
            done.push(...batch)
            return waiting.length > 0
          },
          first: async () => waiting[0],
          async setAside(id) {
            waiting.splice(waiting.indexOf(id), 1)
            aside.push(id)
            return waiting.length > 0
          },
        })
        while (await batches.next()) {}
        const ids = good.map((_, id) => id)
        expect(done).toEqual(ids.filter((id) => good[id]))
        expect(aside).toEqual(ids.filter((id) => !good[id]))
        for (const id of aside) expect(alone.get(id)).toBe(3)
      },
    ),
    { numRuns: 20 },
  )
})

it('nothing is set aside while the database is unavailable', async () => {
  const away = Object.assign(new Error('away'), { code: '57P01' })
  let isAway = true
  const batches = new Batches<string>({
    max: 4,
    async take() {
      if (isAway) throw away
      return 'done'
    },
    first: async () => 1,
    setAside: async () => 'set aside',
  })
  for (let each = 0; each < 5; each += 1) await expect(batches.next()).rejects.toBe(away)
  isAway = false
  expect(await batches.next()).toBe('done')
})

describe('in the server', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ FUNCTION_EGRESS: 'open' })
  })
  afterAll(() => server.close())
  const sql = (text: string, values: unknown[] = []) => server.ctx.db.query({ text }, values)

  it('a message whose notifications fail delays no other notification', async () => {
    const { main } = server
    const user = await createUser(main)
    const channel = await createChannel(main, { type: 'PRIVATE', members: [{ id: user.id }] })
    const messages = [await sendMessage(main, channel.id), await sendMessage(main, channel.id)]
    await expect.poll(() => sql('select from notification')).toHaveLength(2)
    const [poison, fine] = messages.map(({ id }) => id)
    await sql('delete from notification')
    await sql(`update message set mentions = '{"no": "list"}' where id = $1`, [poison])
    await sql('insert into notification_task (message_id) values ($1), ($2)', [poison, fine])
    await sendMessage(main, channel.id, { body: 'more' })
    const notified = async () =>
      (await sql('select message_id from notification order by 1')).map(([id]) => id)
    await expect.poll(notified).toHaveLength(2)
    expect(await notified()).toContain(fine)
    await expect.poll(() => sql('select from notification_task')).toEqual([])
    await expect.poll(() => server.ctx.metrics.of('notifications set aside')).toBe(1)
  })

  it('a run of a function that cannot be given its event delays no other run', async () => {
    const { main } = server
    const created = await deploy(main, 'user.sent.message', 'async function handleEvent() { return 1 }')
    const user = await createUser(main)
    const channel = await createChannel(main, { type: 'PRIVATE', members: [{ id: user.id }] })
    await sql(
      `insert into function_run (application_id, function_id, channel_id, payload)
       select $1, $2, $3, payload::jsonb from unnest($4::text[]) payload`,
      [main.id, created.id, channel.id, ['{"userId": 1.5}', 'null', '{"userId": 1e300}']],
    )
    await sendMessage(main, channel.id, { user: { id: user.id } })
    const [invocation] = await endedInvocations(main, created)
    expect(invocation?.status).toBe('SUCCEEDED')
    await expect.poll(() => sql('select from function_run')).toEqual([])
    await expect.poll(() => server.ctx.metrics.of('function runs set aside')).toBe(3)
  })

  it('a webhook delivery that cannot be made delays no other, and is no longer retried', async () => {
    const { main } = server
    const receiver = await Receiver.open()
    const admin = await createAdmin(server, 'developer')
    const webhooks = `/applications/${main.id}/webhooks`
    const { body: hook } = await admin.post(webhooks, { url: receiver.url, events: ['*'] }).expect(201)
    const poison = [
      ['user.updated', '{"userId": 1.5}'],
      ['user.updated', '{"userId": 1e300}'],
      ['channel.deleted', '{"channel": {"type": "DIRECT", "members": [{"id": 1}]}}'],
      ['from.another.version', '{}'],
    ]
    for (const [type, payload] of poison) {
      await sql('insert into webhook_delivery (webhook_id, type, payload) values ($1, $2, $3::jsonb)', [
        hook.id,
        type,
        payload,
      ])
    }
    const user = await createUser(main)
    await expect.poll(() => receiver.received.map(({ event }) => event.data.id)).toEqual([user.id])
    const failed = async () =>
      (await admin.get(`${webhooks}/${hook.id}/deliveries?state=failed`).expect(200)).body.items
    await expect.poll(failed).toHaveLength(poison.length)
    for (const { attempts } of await failed())
      expect(attempts).toMatchObject([{ error: 'its body could not be made' }])
    await expect.poll(() => server.ctx.metrics.of('webhook deliveries set aside')).toBe(poison.length)
    const { body: shown } = await admin.get(`${webhooks}/${hook.id}`).expect(200)
    expect(shown).toMatchObject({ enabled: true })
    receiver.close()
  })
})
