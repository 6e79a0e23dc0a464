// Events run functions in the background: the payload of each event.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inviteUser } from '#domain/channels/members/invite-user.ts'
import { sendChannelEvent } from '#domain/channels/send-channel-event.ts'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { readMessage } from '#domain/messages/reading/read-message.ts'
import { startChatSession } from '#domain/sessions/start-chat-session.ts'
import { startSession } from '#domain/sessions/start-session.ts'
import { createUser, sendMessage } from '../support/factories.ts'
import { deploy, endedInvocations, invocationsOf } from '../support/functions.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'
import { type GivenEvent, given, scene, teller } from './teller.ts'

let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  application = await server.createApplication()
})

const linkTo = (path: string) => ({
  href: `${server.url}/v1/applications/${application.id}${path}`,
})

describe('a function receives', () => {
  it('user.sent.message: the user, the channel and the message as the API shows them', async () => {
    const created = await deploy(application, 'user.sent.message', teller)
    const { ann, channel } = await scene(application)
    await sendMessage(application, channel.id, { body: 'from the system: no user sent it' })
    const message = await sendMessage(application, channel.id, {
      user: { id: ann.id },
      properties: { a_b: 1 },
    })
    expect(await given(application, created)).toMatchObject({
      user: { id: ann.id, displayName: 'Ann', _links: { self: linkTo(`/users/${ann.id}`) } },
      channel: { id: channel.id, type: 'PRIVATE', _links: { self: linkTo(`/channels/${channel.id}`) } },
      message: { ...message, _links: { self: linkTo(`/messages/${message.id}`) } },
    })
    expect(await invocationsOf(application, created)).toHaveLength(1)
  })

  it('user.sent.message of replies, too', async () => {
    const created = await deploy(application, 'user.sent.message', teller)
    const { ann, channel } = await scene(application)
    const root = await sendMessage(application, channel.id)
    const { body: reply } = await application
      .post(`/threads/${root.id}/messages`, { type: 'TEXT', body: 'a reply', user: { id: ann.id } })
      .expect(200)
    expect((await given(application, created)).message).toMatchObject({ id: reply.id, nestedLevel: 1 })
  })

  it('user.received.notification: all recipients, and whether they are online', async () => {
    const created = await deploy(application, 'user.received.notification', teller)
    const { ann, bob, channel } = await scene(application)
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
    const { ann, bob, channel, as } = await scene(application)
    const message = await sendMessage(application, channel.id, { user: { id: ann.id } })
    await readMessage(server.ctx, as(bob), message.id)
    expect(await given(application, created)).toMatchObject({
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
    const { ann, channel, as } = await scene(application)
    const [carl, dora] = await Promise.all([createUser(application), createUser(application)])
    await inviteUser(server.ctx, as(ann), channel.id, { user: { id: carl.id } })
    expect(await given(application, created)).toMatchObject({
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
    const { ann, channel, as } = await scene(application)
    const event = { type: 'game.moved', properties: { to_square: 'e4' } }
    await sendChannelEvent(server.ctx, as(ann), channel.id, event)
    await application.post(`/channels/${channel.id}/events`, { ...event, type: 'game.over' }).expect(200)
    expect(await given(application, byUsers)).toMatchObject({
      user: { id: ann.id },
      channel: { id: channel.id },
      event: { ...event, user: { id: ann.id } },
    })
    const system = await given(application, bySystem)
    expect(system).toMatchObject({ channel: { id: channel.id }, event: { ...event, type: 'game.over' } })
    expect(system).not.toHaveProperty('user')
    expect(await invocationsOf(application, byUsers)).toHaveLength(1)
    expect(await invocationsOf(application, bySystem)).toHaveLength(1)
  })

  it('user.reacted_to.message: the message and the reaction', async () => {
    const created = await deploy(application, 'user.reacted_to.message', teller)
    const { ann, channel, as } = await scene(application)
    const message = await sendMessage(application, channel.id)
    await reactToMessage(server.ctx, as(ann), message.id, { emoji: ':thumbsup:' })
    expect(await given(application, created)).toMatchObject({
      user: { id: ann.id },
      message: { id: message.id },
      reaction: { emoji: { character: '👍' }, user: { id: ann.id }, createdTime: expect.any(String) },
    })
  })

  it('user.started.chat_session: of each device, and what the user has in the channel', async () => {
    const created = await deploy(application, 'user.started.chat_session', teller)
    const { ann, bob, channel, as } = await scene(application)
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
    expect(await given(application, created)).toMatchObject({
      user: { id: ann.id },
      channel: { id: channel.id },
      channelUnread: true,
      channelMessagesCount: 2,
    })
  })
})
