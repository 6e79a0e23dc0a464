// Chat functions decide which users may connect with the unmodified official client.
import { connectApi } from '@chatkitty/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createChannel, createUser } from '../support/factories.ts'
import { deploy, endedInvocations, invocationsOf } from '../support/functions.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { environmentOf } from './realtime.ts'

/** The handler of the official documentation's example, unchanged: it names channel 702. */
const officialSample = `const logs = [];

async function handleEvent(event: UserAttemptedStartSessionEvent, context: Context) {
    let email = event.username;
    let displayName = event.authParams.displayName || email;

    let userApi = context.getUserApi();

    logs.push('Hello ' + event.username);

    await userApi.getUserExists(email)
        .catch(async () => {
            let user = await userApi.createUser(
                {
                    'name': email,
                    'displayName': displayName
                }
            );

            let channelApi = context.getChannelApi();

            await channelApi.createChannelMember(702, { 'id': user.data.id });
        });

        return logs;
}`

const type = 'user.attempted.start_session'
let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await startServer({ FUNCTION_BLOCKING_TIMEOUT_SECONDS: '2' })
})
afterAll(() => server.close())
beforeEach(async () => {
  application = await server.createApplication()
})

const connect = (username: string, authParams?: unknown) =>
  connectApi({
    apiKey: application.apiKey,
    username,
    ...(authParams !== undefined && { authParams }),
    $environment: environmentOf(server),
  })

const forbidGuests = () =>
  server.ctx.db.query({ text: `update application set guest_users = 'DISABLED' where id = $1` }, [
    application.id,
  ])

it('the official sample creates the user and its membership, and the session starts', async () => {
  await forbidGuests()
  await server.ctx.db.query({ text: `select setval('channel_id_seq', 701)` }, [])
  const channel = await createChannel(application, { type: 'PRIVATE', name: 'lobby' })
  expect(channel.id).toBe(702)
  const sample = await deploy(application, type, officialSample)

  const connection = await connect('niyati@example.com', { displayName: 'Niyati ü' })
  expect(connection.user.value).toMatchObject({
    name: 'niyati@example.com',
    displayName: 'Niyati ü',
    isGuest: false,
  })
  const { body: members } = await application.get('/channels/702/members').expect(200)
  expect(members._embedded.users.map(({ name }: { name: string }) => name)).toContain('niyati@example.com')
  const joined = await connection.getSdkClient().listChannels({ filter: { joined: true } } as never)
  expect(joined).toMatchObject({ succeeded: true, paginator: { items: [{ id: 702 }] } })
  expect(await invocationsOf(application, sample)).toMatchObject([
    {
      status: 'SUCCEEDED',
      versionNumber: 1,
      args: { username: 'niyati@example.com', authParams: { displayName: 'Niyati ü' } },
      result: { payload: ['Hello niyati@example.com'] },
    },
  ])
  await connection.dispose()

  const again = await connect('niyati@example.com')
  const [newest] = await invocationsOf(application, sample)
  expect(newest).toMatchObject({ status: 'SUCCEEDED', args: { authParams: {} } })
  await again.dispose()
})

describe('a session is refused with an error', () => {
  it.each([
    ['throws', `throw new Error('Wrong password, ' + event.username)`, 'Wrong password, jane'],
    ['rejects', `return Promise.reject(new TypeError('No such account'))`, 'No such account'],
    ['throws nothing at all', 'throw undefined', /\w/],
    ['never ends', 'await new Promise(() => {})', /longer than 2 seconds/],
    ['loops', 'for (;;);', /longer than 2 seconds/],
    ['ends its process', 'process.abort()', /\w/],
  ])('where the function %s', async (_, code, message) => {
    const guard = await deploy(application, type, `export async function handleEvent(event) { ${code} }`)
    await expect(connect('jane')).rejects.toThrow(message)
    const [invocation] = await endedInvocations(application, guard)
    expect(invocation).toMatchObject({ status: 'FAILED', result: { error: { message: expect.any(String) } } })
    const sessions = { text: 'select count(*) from user_session where application_id = $1' }
    expect(await server.ctx.db.query(sessions, [application.id])).toEqual([[0]])
  })

  it('where one of several functions refuses', async () => {
    await deploy(application, type, 'async function handleEvent() {}')
    await deploy(application, type, `async function handleEvent() { throw new Error('Not today') }`)
    await expect(connect('jane')).rejects.toThrow('Not today')
  })

  it('where guests are disabled and the function did not create the user', async () => {
    await forbidGuests()
    const guard = await deploy(application, type, 'async function handleEvent() {}')
    await expect(connect('nobody')).rejects.toThrow('nobody')
    expect(await invocationsOf(application, guard)).toMatchObject([{ status: 'SUCCEEDED' }])
    await createUser(application, { name: 'somebody' })
    await (await connect('somebody')).dispose()
  })

  it('where guests are disabled and no function creates the user', async () => {
    await forbidGuests()
    await createUser(application, { name: 'jane' })
    await expect(connect('jane')).rejects.toThrow('guests')
  })

  it.each([['text'], [7], [['a', 'list']]])('where authParams are %j, not an object', async (authParams) => {
    await expect(connect('jane', authParams)).rejects.toThrow('StompX-Auth-Params')
  })
})

describe('a session starts, and as much of the result as JSON can hold is recorded, where the function returns', () => {
  const note = { level: 'warn', text: expect.stringMatching(/^the result is not recorded in full: /) }
  it.each([
    ['what refers to itself', 'const a = { n: 1 }; a.a = a; return a', { n: 1, a: '[Circular]' }],
    ['a BigInt', 'return { n: 1n }', { n: '1' }],
    ['a function', 'return () => 1', '[Function: ]'],
    ['a symbol', 'return Symbol("a")', 'Symbol(a)'],
    ['2 MB', 'return "x".repeat(2e6)', expect.stringMatching(/^x+…$/)],
    [
      'the response of a client',
      `return context.getUserApi().createUser({ name: 'made', displayName: 'Made' })`,
      { status: 200, data: expect.objectContaining({ name: 'made' }) },
    ],
  ])('%s', async (_, code, payload) => {
    const guard = await deploy(application, type, `async function handleEvent(event, context) { ${code} }`)
    await (await connect('jane')).dispose()
    expect(await invocationsOf(application, guard)).toMatchObject([
      { status: 'SUCCEEDED', result: { payload }, logs: [note] },
    ])
  })

  it('a Response, or more logs than are kept', async () => {
    const code = `console.log('x'.repeat(2e6)); return new Response('x')`
    const guard = await deploy(application, type, `async function handleEvent() { ${code} }`)
    await (await connect('jane')).dispose()
    expect(await invocationsOf(application, guard)).toMatchObject([
      {
        status: 'SUCCEEDED',
        result: { payload: {} },
        logs: [{ text: 'x'.repeat(256 * 1024) }, { level: 'warn' }],
      },
    ])
  })
})

it('results, errors and logs are recorded without the token and the secret of the function', async () => {
  const code = `
    const { config } = await context.getUserApi().createUser({ name: 'user' + Date.now(), displayName: 'x' })
    console.log(config.headers, process.env.CHATKITTY_CLIENT_SECRET)
    if (event.username === 'eve') throw new Error(config.headers.Authorization)
    return { config, env: process.env }`
  const guard = await deploy(application, type, `async function handleEvent(event, context) { ${code} }`)
  await (await connect('jane')).dispose()
  await connect('eve').catch(() => undefined)
  const invocations = await invocationsOf(application, guard)
  const [failed, succeeded] = invocations
  expect(failed).toMatchObject({ result: { error: { message: 'Bearer ***' } } })
  expect(succeeded).toMatchObject({ result: { payload: { env: { CHATKITTY_CLIENT_SECRET: '***' } } } })
  for (const { result, logs } of invocations) {
    expect(logs[0]?.text).toMatch(/Bearer \*\*\*/)
    expect(JSON.stringify([result, logs])).not.toMatch(/Bearer (?!\*\*\*)/)
  }
})

it('a function that succeeds admits guests where guests are enabled', async () => {
  await deploy(application, type, 'async function handleEvent() { return "ignored" }')
  const connection = await connect('passer-by')
  expect(connection.user.value).toMatchObject({ name: 'passer-by', isGuest: true })
  await connection.dispose()
})

it('the function sees secrets among the authParams, and its record does not', async () => {
  const guard = await deploy(
    application,
    type,
    `async function handleEvent({ authParams }) { if (authParams.nested.idToken !== 'abc') throw new Error('?') }`,
  )
  await (await connect('jane', { displayName: 'Jane', nested: { idToken: 'abc' }, PASSWORD: 'x' })).dispose()
  expect(await invocationsOf(application, guard)).toMatchObject([
    { args: { authParams: { displayName: 'Jane', nested: { idToken: '***' }, PASSWORD: '***' } } },
  ])
})

it('a function that is off, or has no version yet, is not asked', async () => {
  const guard = await deploy(application, type, `async function handleEvent() { throw new Error('no') }`)
  await expect(connect('jane')).rejects.toThrow('no')
  await server.ctx.db.query({ text: 'update "function" set enabled = false where id = $1' }, [guard.id])
  await application.post('/runtimes/nodejs/functions', { type, name: 'not yet' }).expect(200)
  await (await connect('jane')).dispose()
})

it('a new version runs from its creation on', async () => {
  const guard = await deploy(application, type, `async function handleEvent() { throw new Error('first') }`)
  await expect(connect('jane')).rejects.toThrow('first')
  const handlerScript = `async function handleEvent() { throw new Error('second') }`
  await application.post(`/functions/${guard.id}/versions`, { handlerScript }).expect(200)
  await expect(connect('jane')).rejects.toThrow('second')
  expect((await invocationsOf(application, guard)).map(({ versionNumber }) => versionNumber)).toEqual([2, 1])
})
