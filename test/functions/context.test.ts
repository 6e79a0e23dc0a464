// Functions use the APIs of their context with the real API.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../support/server.ts'
import { handler, startRunner, type TestRunner } from './support.ts'

let server: TestServer
let test: TestRunner
beforeAll(async () => {
  server = await shareServer()
  test = await startRunner({ egress: 'guarded' })
})
afterAll(async () => {
  await test.close()
  await server.close()
})

const call = (body: string, event: unknown = {}) =>
  test.invoke(handler(body), {
    event,
    token: server.main.token,
    spec: { apiOrigin: server.url },
  })

/** The documented sample, with the id of an existing channel. */
const sample = (channelId: number) => `
const logs = [];

async function handleEvent(event: UserAttemptedStartSessionEvent, context: Context) {
    let email = event.username;
    let displayName = event.authParams.displayName || email;
    let userApi = context.getUserApi();
    logs.push('Hello ' + event.username);

    await userApi.getUserExists(email)
        .catch(async () => {
            let user = await userApi.createUser({ 'name': email, 'displayName': displayName });
            let channelApi = context.getChannelApi();
            await channelApi.createChannelMember(${channelId}, { 'id': user.data.id });
        });

    return logs;
}`

describe('the context', () => {
  it('lets the documented sample create a user and add it to a channel, once', async () => {
    const { body: channel } = await server.main.post('/channels', { type: 'PUBLIC', name: 'welcome' })
    const event = { username: 'jane@example.com', authParams: { displayName: 'Jane' } }
    for (let session = 0; session < 2; session++) {
      const outcome = await test.invoke(sample(channel.id), {
        event,
        token: server.main.token,
        spec: { apiOrigin: server.url },
      })
      expect(outcome).toMatchObject({ status: 'SUCCEEDED', result: ['Hello jane@example.com'] })
    }
    const { body: members } = await server.main.get(`/channels/${channel.id}/members`)
    expect(members._embedded.users).toMatchObject([{ name: 'jane@example.com', displayName: 'Jane' }])
  })

  it('has the Platform SDK, authenticated for the application without a secret', async () => {
    const outcome = await call(`
      const { Users, Channels, Application } = context.ChatKitty
      const user = await Users.createUser({ name: 'joe', displayName: 'Joe', isGuest: false })
      const application = await Application.retrieveAuthenticatedApplication()
      const missing = await Channels.retrieveChannel(999999).catch((error) => error.response.status)
      return [user.status, user.data.name, application.data.id, missing, context.ChatKitty === context.ChatKitty]`)
    expect(outcome).toMatchObject({ result: [expect.any(Number), 'joe', server.main.id, 404, true] })
  })

  it('provides in its variables what functions need to create that SDK themselves', async () => {
    const script = handler(`
      const { ChatKitty } = require('chatkitty-platform-sdk')
      const base = process.env.CHATKITTY_CHAT_SERVICE_BASE_URL
      const kitty = new ChatKitty({
        clientId: process.env.CHATKITTY_CLIENT_ID, clientSecret: process.env.CHATKITTY_CLIENT_SECRET,
        basePath: base, authorizationBasePath: base + '/oauth/token' })
      return (await kitty.Application.retrieveAuthenticatedApplication()).data.id`)
    const environment = {
      CHATKITTY_CLIENT_ID: server.main.clientId,
      CHATKITTY_CLIENT_SECRET: server.main.clientSecret,
      CHATKITTY_CHAT_SERVICE_BASE_URL: server.url,
    }
    const spec = { applicationId: 2, environment }
    expect(await test.result(script, { spec })).toBe(server.main.id)
  })

  it.each([
    ['getApplicationApi().retrieveApplication()', 'id'],
    ['getApplicationApi().getApplicationSettings()', 'guestUsers'],
    ['getUserApi().listUsers()', '_embedded'],
    ['getUserApi().getUsers()', '_embedded'],
    ['getChannelApi().listChannels()', '_embedded'],
    ['getRuntimeApi().retrieveNodejsRuntime()', 'version'],
    ['getJobApi().listJobs()', 'page'],
    ['getMessageApi().listMessages()', 'page'],
    ['getUserSessionApi().listUserSessions()', 'page'],
    ['getChatSessionApi().listChatSessions()', 'page'],
  ])('%s answers as axios does', async (expression, field) => {
    const outcome = await call(`const { status, data } = await context.${expression}; return [status, data]`)
    expect(outcome).toMatchObject({ result: [200, expect.objectContaining({ [field]: expect.anything() })] })
  })

  it.each([
    ['getFunctionApi().retrieveFunction(999999)', 404],
    ['getFunctionVersionApi().retrieveFunctionVersion(999999)', 404],
    ['getThreadApi().getThread(999999)', 404],
    ['getUserApi().getUserExists("nobody")', 404],
    ['getChannelApi().createChannelMember(999999, { id: 1 })', 404],
  ])('%s rejects as axios does', async (expression, status) => {
    const outcome = await call(`
      return context.${expression}.then(() => 'resolved', (error) => [error.isAxiosError, error.response.status])`)
    expect(outcome).toMatchObject({ result: [true, status] })
  })

  it('has an API for every kind of resource', async () => {
    const outcome = await call(`
      const { getImportApi, ...rest } = context
      return [typeof getImportApi().importUsers, Object.keys(rest).filter((name) => name.startsWith('get')).length]`)
    expect(outcome).toMatchObject({ result: ['function', 11] })
  })

  it.each([
    ['items', '[{ name, displayName: name, isGuest: false, properties: {} }]'],
    ['text', 'JSON.stringify([{ name, displayName: name, isGuest: false, properties: {} }])'],
    [
      'a file',
      `new File(['[{"name":"' + name + '","displayName":"x","guest":false,"properties":{}}]'], 'users.json')`,
    ],
  ])('imports %s, in either style', async (what, file) => {
    for (const style of ['context.ChatKitty.Imports', 'context.getImportApi()']) {
      const outcome = await call(
        `const name = event.name; const job = await ${style}.importUsers(${file}); return [job.status, job.data.type]`,
        { name: `${style} ${what}` },
      )
      expect(outcome).toMatchObject({ status: 'SUCCEEDED', result: [202, 'USER_IMPORT'] })
      await expect
        .poll(
          async () =>
            (await server.main.get(`/users?name=${encodeURIComponent(`${style} ${what}`)}`)).body.page,
        )
        .toMatchObject({ totalElements: 1 })
    }
  })

  it('fails a function that does not catch such a rejection, with the status and the answer', async () => {
    const body = 'await context.ChatKitty.Users.createUser({ displayName: "Joe", isGuest: false })'
    expect(await call(body)).toMatchObject({
      status: 'FAILED',
      reason: 'threw',
      error: { message: 'Request failed with status code 400: name is required' },
    })
  })
})
