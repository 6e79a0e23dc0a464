// The outcome of a run, and its record.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sendChannelEvent } from '#domain/channels/send-channel-event.ts'
import { enableFunction } from '#domain/functions/enable-function.ts'
import { forgetInvocations } from '#domain/functions/runs/forget-invocations.ts'
import { giveBackRunsOfTheDead } from '#domain/functions/runs/give-back-runs-of-the-dead.ts'
import type { InvocationDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy, endedInvocations, invocationsOf } from '../support/functions.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'
import { given, scene, teller } from './teller.ts'

let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  application = await server.createApplication()
})

const timeOf = (invocation: InvocationDocument | undefined) => Date.parse(invocation?.createdTime ?? '')
const sql = (text: string, values: unknown[] = []) => server.ctx.db.query({ text }, values)

/** A function that runs until there is a user `signal`. */
const waitsForSignal = `async function handleEvent(event, context) {
  while (await context.getUserApi().checkUserExists('signal').then(() => false, () => true));
}`

describe('a run', () => {
  const sender = 'user.sent.message'
  async function send(channelId: number, userId: number) {
    return sendMessage(application, channelId, { user: { id: userId } })
  }
  const waiting = async () =>
    (await sql('select count(*) from function_run where application_id = $1', [application.id]))[0]?.[0]

  it('is created for each function of its type', async () => {
    const created = await Promise.all([1, 2].map(() => deploy(application, sender, teller)))
    const { ann, channel } = await scene(application)
    await send(channel.id, ann.id)
    for (const each of created) await given(application, each)
  })

  it('that throws is recorded, and not retried', async () => {
    const code = `class NoWay extends Error { name = 'NoWay' }\nconsole.warn('hm')\nthrow new NoWay('I do not like it')`
    const created = await deploy(application, sender, `async function handleEvent() { ${code} }`)
    const { ann, channel } = await scene(application)
    await send(channel.id, ann.id)
    const [invocation] = await endedInvocations(application, created)
    expect(invocation).toMatchObject({
      status: 'FAILED',
      result: {
        error: { name: 'NoWay', message: 'I do not like it', stack: expect.stringContaining('NoWay') },
      },
      logs: [{ level: 'warn', text: 'hm' }],
    })
    expect(await waiting()).toBe(0)
  })

  it.each([
    ['script has no handler', 'const nothing = 1', {}, 'TypeError'],
    [
      'initialization script throws',
      'async function handleEvent() {}',
      { initializationScript: { script: 'throw new RangeError("no start")' } },
      'RangeError',
    ],
  ])('whose %s is not retried, for it would fail again', async (_, script, runtime, name) => {
    if ('initializationScript' in runtime) {
      await application
        .put('/runtimes/nodejs/initialization-script', runtime.initializationScript)
        .expect(200)
    }
    const created = await deploy(application, sender, script)
    const { ann, channel } = await scene(application)
    await send(channel.id, ann.id)
    const [invocation] = await endedInvocations(application, created)
    expect(invocation).toMatchObject({ status: 'FAILED', result: { error: { name, reason: 'threw' } } })
    expect(await waiting()).toBe(0)
  })

  it('whose process dies is retried with increasing delays', async () => {
    const created = await deploy(application, sender, `async function handleEvent() { process.abort() }`)
    const { ann, channel } = await scene(application)
    await send(channel.id, ann.id)
    const [second, first] = await endedInvocations(application, created, 2)
    expect([first, second]).toMatchObject([{ status: 'FAILED' }, { status: 'FAILED' }])
    expect(second?.args).toEqual(first?.args)
    expect(timeOf(second) - timeOf(first)).toBeGreaterThanOrEqual(1_000)
    const [row] = await sql('select attempts, due_time > now() from function_run where application_id = $1', [
      application.id,
    ])
    expect(row).toEqual([2, true])
  })

  it('that a process had taken which died is run by another, and its record says so', async () => {
    const created = await deploy(application, sender, teller)
    const { ann, channel } = await scene(application)
    await send(channel.id, ann.id)
    await given(application, created)
    const dead = 2_000_000_000
    await sql(
      `insert into function_run (application_id, function_id, channel_id, payload, node)
       select $1, $2, $3, jsonb_build_object('userId', $4::bigint, 'messageId', max(id)), $5 from message`,
      [application.id, created.id, channel.id, ann.id, dead],
    )
    await sql(
      `insert into function_invocation (function_id, version_number, args, node) values ($1, 1, '{}', $2)`,
      [created.id, dead],
    )
    await giveBackRunsOfTheDead(server.ctx, new Map([[dead, 0]]), 3_000)
    const invocations = await endedInvocations(application, created, 3)
    expect(invocations.map(({ status }) => status)).toEqual(['SUCCEEDED', 'FAILED', 'SUCCEEDED'])
    expect(invocations[1]?.result).toMatchObject({ error: { name: 'InterruptedError' } })
  })

  /** Queues a run that another process has taken, which lives as long as it holds its lock. */
  async function runOfOther(created: { id: number }, node: number) {
    const { ann, channel } = await scene(application)
    await sql(
      `insert into function_run (application_id, function_id, channel_id, payload, node)
       values ($1, $2, $3, jsonb_build_object('userId', $4::bigint, 'event', '{"type": "x", "properties": {}}'::jsonb), $5)`,
      [application.id, created.id, channel.id, ann.id, node],
    )
  }

  it('stays with a process that loses its connection for a moment, and not with one that is gone', async () => {
    const created = await deploy(application, 'user.triggered.event', teller)
    const node = 2_000_000_001
    const process = await server.ctx.db.pool.connect()
    const live = () => process.query('select pg_advisory_lock(1852793957, $1)', [node])
    const vanish = () => process.query('select pg_advisory_unlock(1852793957, $1)', [node])
    await live()
    await runOfOther(created, node)
    const owner = async () =>
      (await sql('select node from function_run where function_id = $1', [created.id]))[0]?.[0]

    await vanish()
    const atFirst = await giveBackRunsOfTheDead(server.ctx, new Map(), 0)
    await live()
    const onReturn = await giveBackRunsOfTheDead(server.ctx, atFirst, 4_000)
    expect([atFirst.has(node), onReturn.has(node), await owner()]).toEqual([true, false, node])

    await vanish()
    const again = await giveBackRunsOfTheDead(server.ctx, onReturn, 5_000)
    const still = await giveBackRunsOfTheDead(server.ctx, again, 7_999)
    expect(await owner()).toBe(node)
    await giveBackRunsOfTheDead(server.ctx, still, 8_000)
    process.release()
    await endedInvocations(application, created)
  })

  it('that was given to another process is not begun by the one that had taken it', async () => {
    const created = await deploy(application, 'user.triggered.event', waitsForSignal)
    const { ann, channel, as } = await scene(application)
    for (let at = 0; at < 4; at++) {
      await sendChannelEvent(server.ctx, as(ann), channel.id, { type: 'x', properties: {} })
    }
    const taken = async () =>
      sql('select id from function_run where function_id = $1 and node is not null order by id', [created.id])
    await expect.poll(async () => (await taken()).length).toBe(4)
    await expect.poll(async () => (await invocationsOf(application, created)).length).toBe(3)
    const other = await server.ctx.db.pool.connect()
    await other.query('select pg_advisory_lock(1852793957, 2000000002)')
    const [, , , fourth] = await taken()
    await sql('update function_run set node = 2000000002 where id = $1', [fourth?.[0]])

    await createUser(application, { name: 'signal' })
    await expect.poll(async () => (await taken()).length).toBe(1)
    await deploy(application, 'system.triggered.event', 'async function handleEvent() {}')
    await application.post(`/channels/${channel.id}/events`, { type: 'x', properties: {} }).expect(200)
    await expect.poll(waiting).toBe(1) // another run was begun after it would have been
    expect(await endedInvocations(application, created, 3)).toHaveLength(3)
    await sql('delete from function_run where id = $1', [fourth?.[0]])
    await other.query('select pg_advisory_unlock_all()')
    other.release()
  })

  it('is not repeated because the database was away when it ended', async () => {
    const created = await deploy(application, 'user.triggered.event', teller)
    const { ann, channel, as } = await scene(application)
    const name = `away_${created.id}`
    await sql(`create sequence ${name}`)
    await sql(`
      create function ${name}() returns trigger language plpgsql as $$ begin
        if nextval('${name}') <= 2 then raise exception 'gone' using errcode = '57P01'; end if;
        return new;
      end $$`)
    await sql(`
      create trigger ${name} before update on function_invocation for each row
      when (new.function_id = ${created.id} and new.status = 'SUCCEEDED') execute function ${name}()`)
    await sendChannelEvent(server.ctx, as(ann), channel.id, { type: 'x', properties: {} })
    await given(application, created)
    await expect.poll(waiting).toBe(0)
    expect(await invocationsOf(application, created)).toHaveLength(1)
    expect(await sql(`select last_value from ${name}`)).toEqual([[3]])
    await sql(`drop function ${name} cascade`)
    await sql(`drop sequence ${name}`)
  })

  it('is not recorded as running for ever because the answer to its beginning was lost', async () => {
    const created = await deploy(application, 'user.triggered.event', waitsForSignal)
    const { ann, channel, as } = await scene(application)
    await sendChannelEvent(server.ctx, as(ann), channel.id, { type: 'x', properties: {} })
    await expect.poll(async () => (await invocationsOf(application, created)).length).toBe(1)
    await sql(
      `insert into function_invocation (function_id, version_number, args, node) values ($1, 1, '{}', $2)`,
      [created.id, server.ctx.node.id],
    )
    const [interrupted] = await endedInvocations(application, created)
    expect(interrupted).toMatchObject({ status: 'FAILED', result: { error: { name: 'InterruptedError' } } })
    const statuses = async () => (await invocationsOf(application, created)).map(({ status }) => status)
    expect(await statuses()).toEqual(['FAILED', 'RUNNING'])
    await createUser(application, { name: 'signal' })
    await expect.poll(statuses).toEqual(['FAILED', 'SUCCEEDED'])
  })

  it('is not created while its function is off, or has no version', async () => {
    const off = await deploy(application, sender, teller)
    await enableFunction(
      server.ctx,
      { kind: 'application', applicationId: application.id, scopes: [] },
      off.id,
      false,
    )
    const { body: bare } = await application
      .post('/runtimes/nodejs/functions', { type: sender, name: 'no version' })
      .expect(200)
    const on = await deploy(application, sender, teller)
    const { ann, channel } = await scene(application)
    await send(channel.id, ann.id)
    await given(application, on)
    expect(await invocationsOf(application, off)).toEqual([])
    expect(await invocationsOf(application, bare)).toEqual([])
    expect(await waiting()).toBe(0)
  })

  it('of one application does not wait for slow ones of another', async () => {
    const slow = await server.createApplication()
    await deploy(
      slow,
      'system.triggered.event',
      'async function handleEvent() { await new Promise(() => {}) }',
    )
    const theirs = await createChannel(slow)
    for (let at = 0; at < 40; at++) {
      await slow.post(`/channels/${theirs.id}/events`, { type: 'x', properties: {} }).expect(200)
    }
    const created = await deploy(application, sender, teller)
    const { ann, channel } = await scene(application)
    await send(channel.id, ann.id)
    await given(application, created)
    await sql('delete from function_run where application_id = $1', [slow.id])
  })

  it('for a message that was deleted meanwhile is skipped', async () => {
    const created = await deploy(application, sender, teller)
    const { ann, channel } = await scene(application)
    const gone = await sendMessage(application, channel.id) // a system message does not cause a run
    await application.delete(`/messages/${gone.id}`).expect(200)
    await sql(
      `insert into function_run (application_id, function_id, channel_id, payload)
       values ($1, $2, $3, jsonb_build_object('userId', $4::bigint, 'messageId', $5::bigint))`,
      [application.id, created.id, channel.id, ann.id, gone.id],
    )
    await expect.poll(waiting).toBe(0)
    expect(await invocationsOf(application, created)).toEqual([])
  })
})

describe('the record of runs', () => {
  /** Runs a function with this body. @returns the record */
  async function runOnce(code: string) {
    const script = `async function handleEvent() { ${code} }`
    const created = await deploy(application, 'system.triggered.event', script)
    const channel = await createChannel(application)
    await application.post(`/channels/${channel.id}/events`, { type: 'x', properties: {} }).expect(200)
    const [invocation] = await endedInvocations(application, created)
    return invocation
  }

  it('is counted exactly, and deleted after the days that the settings say', async () => {
    const created = await deploy(application, 'system.triggered.event', 'async function handleEvent() {}')
    const channel = await createChannel(application)
    for (let at = 0; at < 5; at++) {
      await application.post(`/channels/${channel.id}/events`, { type: 'x', properties: {} }).expect(200)
    }
    await endedInvocations(application, created, 5)
    const total = async () =>
      (await application.get(`/functions/${created.id}/invocations?size=2`).expect(200)).body.page
    expect(await total()).toEqual({ size: 2, totalElements: 5, totalPages: 3, number: 0 })
    await sql(
      `update function_invocation set created_time = now() - interval '7 days 1 minute'
       where function_id = $1 and id in (select id from function_invocation where function_id = $1 order by id limit 3)`,
      [created.id],
    )
    expect(await forgetInvocations(server.ctx)).toBe(3)
    expect(await total()).toEqual({ size: 2, totalElements: 2, totalPages: 1, number: 0 })
  })

  it('stores any error that a function throws', async () => {
    const code = `throw Object.assign(new Error('a\\0b\\ud800'), { name: 'c\\0' })`
    const invocation = await runOnce(code)
    expect(invocation?.result.error).toMatchObject({ name: 'c\ufffd', message: 'a\ufffdb\ufffd' })
  })

  it('stores any JSON that a function returns or logs', async () => {
    const code = `console.log('a\\0b\\ud800'); return { 'k\\0': 'v\\0\\ud800', deep: JSON.parse('['.repeat(200) + ']'.repeat(200)) }`
    const invocation = await runOnce(code)
    expect(invocation).toMatchObject({
      status: 'SUCCEEDED',
      result: { payload: { 'k\ufffd': 'v\ufffd\ufffd' } },
    })
  })
})
