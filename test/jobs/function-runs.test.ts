// Events run functions in the background: the payload of each event, and the outcome of a run.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { inviteUser } from '#domain/channels/members/invite-user.ts'
import { sendChannelEvent } from '#domain/channels/send-channel-event.ts'
import { enableFunction } from '#domain/functions/enable-function.ts'
import { forgetInvocations } from '#domain/functions/runs/forget-invocations.ts'
import { giveBackRunsOfTheDead } from '#domain/functions/runs/give-back-runs-of-the-dead.ts'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { startChatSession } from '#domain/sessions/start-chat-session.ts'
import { startSession } from '#domain/sessions/start-session.ts'
import { callerOf } from '../support/as-user.ts'
import type { InvocationDocument, UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy, endedInvocations, invocationsOf } from '../support/functions.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  application = await server.createApplication()
})

/** A function that returns its event, and calls the API. */
const teller = `async function handleEvent(event, context) {
  console.log('given', Object.keys(event).join())
  const { data } = await context.getApplicationApi().retrieveApplication()
  return { given: event, application: data.id }
}`

const timeOf = (invocation: InvocationDocument | undefined) => Date.parse(invocation?.createdTime ?? '')
const sql = (text: string, values: unknown[] = []) => server.ctx.db.query({ text }, values)

/** Creates two users, and a channel of which both are members. */
async function scene() {
  const [ann, bob] = await Promise.all([
    createUser(application, { displayName: 'Ann' }),
    createUser(application, { displayName: 'Bob' }),
  ])
  const members = [{ id: ann.id }, { id: bob.id }]
  const channel = await createChannel(application, { type: 'PRIVATE', members })
  const as = (user: UserDocument): UserCaller => callerOf(application, user)
  return { ann, bob, channel, as }
}

/** The fields of an event that the tests read. */
interface GivenEvent {
  user: UserDocument
  [field: string]: unknown
}

/** The event that a function received, which equals the `args` of its invocation. */
async function given(created: { id: number }): Promise<GivenEvent> {
  const [invocation] = await endedInvocations(application, created)
  expect(invocation).toMatchObject({
    status: 'SUCCEEDED',
    versionNumber: 1,
    result: { payload: { application: application.id } },
    logs: [{ level: 'info', time: expect.stringMatching(/Z$/), text: expect.stringMatching(/^given /) }],
    durationMs: expect.any(Number),
  })
  expect(invocation?.result.payload).toMatchObject({ given: invocation?.args })
  return invocation?.args as GivenEvent
}

const linkTo = (path: string) => ({
  href: `${server.url}/v1/applications/${application.id}${path}`,
})

describe('a function receives', () => {
  it('user.sent.message: the user, the channel and the message as the API shows them', async () => {
    const created = await deploy(application, 'user.sent.message', teller)
    const { ann, channel } = await scene()
    await sendMessage(application, channel.id, { body: 'from the system: no user sent it' })
    const message = await sendMessage(application, channel.id, {
      user: { id: ann.id },
      properties: { a_b: 1 },
    })
    expect(await given(created)).toMatchObject({
      user: { id: ann.id, displayName: 'Ann', _links: { self: linkTo(`/users/${ann.id}`) } },
      channel: { id: channel.id, type: 'PRIVATE', _links: { self: linkTo(`/channels/${channel.id}`) } },
      message: { ...message, _links: { self: linkTo(`/messages/${message.id}`) } },
    })
    expect(await invocationsOf(application, created)).toHaveLength(1)
  })

  it('user.sent.message of replies, too', async () => {
    const created = await deploy(application, 'user.sent.message', teller)
    const { ann, channel } = await scene()
    const root = await sendMessage(application, channel.id)
    const { body: reply } = await application
      .post(`/threads/${root.id}/messages`, { type: 'TEXT', body: 'a reply', user: { id: ann.id } })
      .expect(200)
    expect((await given(created)).message).toMatchObject({ id: reply.id, nestedLevel: 1 })
  })

  it('user.received.notification: all recipients, and whether they are online', async () => {
    const created = await deploy(application, 'user.received.notification', teller)
    const { ann, bob, channel } = await scene()
    await startSession(server.ctx, { apiKey: application.apiKey, username: bob.name, authParams: {} })
    const message = await sendMessage(application, channel.id, { body: 'Hi' })
    const invocations = await endedInvocations(application, created, 2)
    const events = invocations.map(({ args }) => args as GivenEvent)
    expect(Object.fromEntries(events.map((event) => [event.user.id, event.userHasActiveSession]))).toEqual({
      [ann.id]: false,
      [bob.id]: true,
    })
    expect(events).toHaveLength(2)
    for (const { user, notification } of events) {
      expect(notification).toMatchObject({
        title: 'System message sent',
        body: 'Hi',
        muted: false,
        channel: { id: channel.id },
        data: { type: 'SYSTEM:SENT:MESSAGE', message: { id: message.id }, recipient: { id: user.id } },
        _links: { recipient: linkTo(`/users/${user.id}`) },
      })
    }
  })

  it('user.read.message: the message and the receipt', async () => {
    const created = await deploy(application, 'user.read.message', teller)
    const { ann, bob, channel, as } = await scene()
    const message = await sendMessage(application, channel.id, { user: { id: ann.id } })
    await readMessage(server.ctx, as(bob), message.id)
    expect(await given(created)).toMatchObject({
      user: { id: bob.id },
      message: { id: message.id, user: { id: ann.id } },
      receipt: {
        createdTime: expect.stringMatching(/Z$/),
        user: { id: bob.id },
        _links: { message: linkTo(`/messages/${message.id}`) },
      },
    })
  })

  it('user.received.channel_invite: the channel, and who invited, if a user did', async () => {
    const created = await deploy(application, 'user.received.channel_invite', teller)
    const { ann, channel, as } = await scene()
    const [carl, dora] = await Promise.all([createUser(application), createUser(application)])
    await inviteUser(server.ctx, as(ann), channel.id, { user: { id: carl.id } })
    expect(await given(created)).toMatchObject({
      user: { id: carl.id },
      channel: { id: channel.id },
      invitingUser: { id: ann.id },
    })
    await application.post(`/channels/${channel.id}/invites`, { user: { id: dora.id } }).expect(200)
    const [, second] = (await endedInvocations(application, created, 2)).toReversed()
    expect(second?.args).toMatchObject({ user: { id: dora.id }, channel: { id: channel.id } })
    expect(second?.args).not.toHaveProperty('invitingUser')
  })

  it('user.triggered.event and system.triggered.event: each its own', async () => {
    const byUsers = await deploy(application, 'user.triggered.event', teller)
    const bySystem = await deploy(application, 'system.triggered.event', teller)
    const { ann, channel, as } = await scene()
    const event = { type: 'game.moved', properties: { to_square: 'e4' } }
    await sendChannelEvent(server.ctx, as(ann), channel.id, event)
    await application.post(`/channels/${channel.id}/events`, { ...event, type: 'game.over' }).expect(200)
    expect(await given(byUsers)).toMatchObject({
      user: { id: ann.id },
      channel: { id: channel.id },
      event: { ...event, user: { id: ann.id } },
    })
    const system = await given(bySystem)
    expect(system).toMatchObject({ channel: { id: channel.id }, event: { ...event, type: 'game.over' } })
    expect(system).not.toHaveProperty('user')
    expect(await invocationsOf(application, byUsers)).toHaveLength(1)
    expect(await invocationsOf(application, bySystem)).toHaveLength(1)
  })

  it('user.reacted_to.message: the message and the reaction', async () => {
    const created = await deploy(application, 'user.reacted_to.message', teller)
    const { ann, channel, as } = await scene()
    const message = await sendMessage(application, channel.id)
    await reactToMessage(server.ctx, as(ann), message.id, { emoji: ':thumbsup:' })
    expect(await given(created)).toMatchObject({
      user: { id: ann.id },
      message: { id: message.id },
      reaction: { emoji: { character: '👍' }, user: { id: ann.id }, createdTime: expect.any(String) },
    })
  })

  it('user.started.chat_session: of each device, and what the user has in the channel', async () => {
    const created = await deploy(application, 'user.started.chat_session', teller)
    const { ann, bob, channel, as } = await scene()
    for (const body of ['one', 'two'])
      await sendMessage(application, channel.id, { body, user: { id: bob.id } })
    for (const device of [1, 2]) {
      const session = await startSession(server.ctx, {
        apiKey: application.apiKey,
        username: ann.name,
        authParams: {},
      })
      await startChatSession(server.ctx, as(ann), session.id, channel.id)
      await startChatSession(server.ctx, as(ann), session.id, channel.id) // a repeated start is not an event
      const invocations = await endedInvocations(application, created, device)
      expect(invocations).toHaveLength(device)
    }
    expect(await given(created)).toMatchObject({
      user: { id: ann.id },
      channel: { id: channel.id },
      channelUnread: true,
      channelMessagesCount: 2,
    })
  })
})

describe('a run', () => {
  const sender = 'user.sent.message'
  async function send(channelId: number, userId: number) {
    return sendMessage(application, channelId, { user: { id: userId } })
  }
  const waiting = async () =>
    (await sql('select count(*) from function_run where application_id = $1', [application.id]))[0]?.[0]

  it('is created for each function of its type', async () => {
    const created = await Promise.all([1, 2].map(() => deploy(application, sender, teller)))
    const { ann, channel } = await scene()
    await send(channel.id, ann.id)
    for (const each of created) await given(each)
  })

  it('that throws is recorded, and not retried', async () => {
    const code = `class NoWay extends Error { name = 'NoWay' }\nconsole.warn('hm')\nthrow new NoWay('I do not like it')`
    const created = await deploy(application, sender, `async function handleEvent() { ${code} }`)
    const { ann, channel } = await scene()
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
    const { ann, channel } = await scene()
    await send(channel.id, ann.id)
    const [invocation] = await endedInvocations(application, created)
    expect(invocation).toMatchObject({ status: 'FAILED', result: { error: { name, reason: 'threw' } } })
    expect(await waiting()).toBe(0)
  })

  it('whose process dies is retried with increasing delays', async () => {
    const created = await deploy(application, sender, `async function handleEvent() { process.abort() }`)
    const { ann, channel } = await scene()
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
    const { ann, channel } = await scene()
    await send(channel.id, ann.id)
    await given(created)
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
    await giveBackRunsOfTheDead(server.ctx)
    const invocations = await endedInvocations(application, created, 3)
    expect(invocations.map(({ status }) => status)).toEqual(['SUCCEEDED', 'FAILED', 'SUCCEEDED'])
    expect(invocations[1]?.result).toMatchObject({ error: { name: 'InterruptedError' } })
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
    const { ann, channel } = await scene()
    await send(channel.id, ann.id)
    await given(on)
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
    const { ann, channel } = await scene()
    await send(channel.id, ann.id)
    await given(created)
    await sql('delete from function_run where application_id = $1', [slow.id])
  })

  it('for a message that was deleted meanwhile is skipped', async () => {
    const created = await deploy(application, sender, teller)
    const { ann, channel } = await scene()
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

  it('stores any JSON that a function returns or logs', async () => {
    const code = `console.log('a\\0b\\ud800'); return { 'k\\0': 'v\\0\\ud800', deep: JSON.parse('['.repeat(200) + ']'.repeat(200)) }`
    const created = await deploy(
      application,
      'system.triggered.event',
      `async function handleEvent() { ${code} }`,
    )
    const channel = await createChannel(application)
    await application.post(`/channels/${channel.id}/events`, { type: 'x', properties: {} }).expect(200)
    const [invocation] = await endedInvocations(application, created)
    expect(invocation).toMatchObject({
      status: 'SUCCEEDED',
      result: { payload: { 'k\ufffd': 'v\ufffd\ufffd' } },
    })
  })
})
