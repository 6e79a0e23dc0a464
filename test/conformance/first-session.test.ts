// What new users do in the first minutes, with the unmodified types of the official SDK.
import { ChatKitty, type CreatePublicChannelResource, type CreateTextMessageResource } from 'chatkitty'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

it('a first session with the official SDK creates users and channels, and sends and lists messages', async () => {
  const chatkitty = new ChatKitty({
    clientId: server.main.clientId,
    clientSecret: server.main.clientSecret,
    basePath: server.url,
    authorizationBasePath: `${server.url}/oauth/token`,
  })

  const { data: jane } = await chatkitty.UsersApi.createUser({
    name: 'jane@example.com',
    display_name: 'Jane Doe',
    is_guest: false,
  })
  const { data: john } = await chatkitty.UsersApi.createUser({
    name: 'john@example.com',
    display_name: 'John Smith',
    is_guest: false,
  })

  const general: CreatePublicChannelResource = { type: 'PUBLIC', name: 'general', creator: { id: jane.id } }
  const { data: channel } = await chatkitty.ChannelsApi.createChannel(general)
  await chatkitty.ChannelsApi.addChannelMember(channel.id, { username: 'john@example.com' })

  const send = (message: CreateTextMessageResource) =>
    chatkitty.ChannelsApi.sendChannelMessage(channel.id, message)
  await send({ type: 'TEXT', body: 'Welcome to #general' })
  await send({ type: 'TEXT', body: 'Hello John!', user: { username: 'jane@example.com' } })
  await send({ type: 'TEXT', body: 'Hello <@jane@example.com>!', user: { id: john.id } })

  const { data: channels } = await chatkitty.ChannelsApi.listChannels()
  expect(channels._embedded?.channels?.map(({ id }) => id)).toEqual([channel.id])

  const { data: members } = await chatkitty.ChannelsApi.listChannelMembers(channel.id)
  expect(members._embedded?.users?.map(({ display_name }) => display_name)).toEqual([
    'Jane Doe',
    'John Smith',
  ])

  const { data: messages } = await chatkitty.ChannelsApi.listChannelMessages(channel.id)
  const read = messages._embedded?.messages?.map((message) => {
    const author = 'user' in message ? message.user.display_name : 'system'
    return 'body' in message ? `${author}: ${message.body}` : author
  })
  expect(read).toEqual([
    'John Smith: Hello <@jane@example.com>!',
    'Jane Doe: Hello John!',
    'system: Welcome to #general',
  ])
})
