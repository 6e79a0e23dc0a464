// The unmodified server SDK `chatkitty@2.106.8`: no `/v1`, everything in snake_case.
import { ChatKitty } from 'chatkitty'
import { describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { endedJob } from '../support/jobs.ts'
import { mustBeCovered, observe } from './coverage.ts'
import { describeSdk } from './sdk/suite.ts'
import { aTime, configurationFor, importFile, readMessage, reportMessage, untyped } from './support.ts'

const called = observe(/^axios\/1\./)

const world = describeSdk({
  spelling: 'snake_case',
  contentType: /^application\/vnd\.chatkitty\+json/,
  base: '',
  importedGuest: 'guest',
  raw: (server, application) => {
    const apis = untyped(new ChatKitty(configurationFor(server, application)))
    return {
      Analytics: apis.AnalyticsApi,
      Application: apis.ApplicationApi,
      Channels: apis.ChannelsApi,
      ChatSessions: apis.ChatSessionsApi,
      Functions: apis.FunctionsApi,
      FunctionVersions: apis.FunctionVersionsApi,
      Imports: apis.ImportsApi,
      Jobs: apis.JobsApi,
      Messages: apis.MessagesApi,
      Runtime: apis.RuntimeApi,
      Threads: apis.ThreadsApi,
      Users: apis.UsersApi,
      UserSessions: apis.UserSessionsApi,
    }
  },
  key: (camel) => camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  importing: (items) => [importFile(items)],
})

// Features that the other SDK lacks.

describe('users', () => {
  it('are found by properties and by unread messages', async () => {
    const { main, kitty } = world
    const reader = await createUser(main, { properties: { team: 'one' } })
    const writer = await createUser(main, { properties: { team: 'one' } })
    const channel = await createChannel(main, { members: [{ id: reader.id }, { id: writer.id }] })
    await sendMessage(main, channel.id, { user: { id: writer.id } })
    const find = async (unread?: boolean) => {
      const wanted = '{"team":"one"}'
      const { data } = await kitty.Users.listUsers(0, 25, ['id'], undefined, unread, wanted)
      return data._embedded.users.map((user) => user.id)
    }
    expect(await find()).toEqual([reader.id, writer.id])
    expect(await find(true)).toEqual([reader.id])
    expect(await find(false)).toEqual([writer.id])
  })
})

describe('messages', () => {
  it('that were reported are listed', async () => {
    const { server, main, kitty } = world
    const [channel, user] = [await createChannel(main), await createUser(main)]
    const message = await sendMessage(main, channel.id)
    await sendMessage(main, channel.id)
    await reportMessage(server, user.id, message.id)
    const { data } = await kitty.Channels.listChannelReportedMessages(channel.id)
    expect(data._embedded.messages).toMatchObject([{ id: message.id, reportCount: 1 }])
    expect(data.page).toEqual({ size: 25, totalElements: 1, totalPages: 1, number: 0 })
  })
})

describe('reading', () => {
  it('counts how many messages are unread, of a user and in each channel', async () => {
    const { server, connect } = world
    const application = await server.createApplication()
    const own = connect(application)
    const user = await createUser(application)
    const channel = await createChannel(application, { members: [{ id: user.id }] })
    const message = await sendMessage(application, channel.id)
    await sendMessage(application, channel.id)
    await readMessage(server, { userId: user.id, channelId: channel.id }, message.id)
    expect((await own.Users.countUserUnreadMessages(user.id)).data.count).toBe(1)
    const page = { page: 0, size: 10 }
    const { data } = await own.Application.retrieveApplicationMessageReadReceiptSummaries(page)
    expect(data._embedded.summaries).toMatchObject([
      { channel: { id: channel.id }, user: { id: user.id }, count: 1 },
    ])
    expect(data.page).toEqual({ size: 10, totalElements: 1, totalPages: 1, number: 0 })
  })
})

describe('analytics', () => {
  it('are exported as files that can be fetched', async () => {
    const { main, kitty } = world
    for (const start of ['exportMessageAnalytics', 'exportUserAnalytics'] as const) {
      const { status, data } = await kitty.Analytics[start]()
      expect(status).toBe(202)
      expect(data).toMatchObject({ id: expect.any(Number), createdTime: aTime })
      const job = await endedJob(main, data.id)
      expect(job.state).toBe('FINISHED')
      const csv = await fetch(job.file, { headers: { authorization: `Bearer ${main.token}` } })
      expect(csv.headers.get('content-type')).toMatch(/^text\/csv/)
      expect((await csv.text()).split('\r\n').length).toBeGreaterThan(1)
    }
  })
})

it('calls exactly the operations that COVERAGE.md lists', () => mustBeCovered('chatkitty', called))
