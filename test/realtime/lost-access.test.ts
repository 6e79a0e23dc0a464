// A user who loses access to a channel, connected or not, receives what was before, and nothing that follows. [decision 13]

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { leaveChannel } from '#domain/channels/members/leave-channel.ts'
import { muteChannel } from '#domain/channels/members/mute-channel.ts'
import { sendChannelKeystrokes } from '#domain/threads/send-channel-keystrokes.ts'
import { callerOf } from '../support/as-user.ts'
import { sendMessage } from '../support/factories.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'
import { type Chat, delivered, messages, openChat, say } from './chat.ts'
import { untilLossIsNoticed } from './phone.ts'

let server: TestServer
let app: TestApplication
beforeAll(async () => {
  server = await shareServer()
  app = server.main
})
afterAll(() => server.close())

const removals: [string, (chat: Chat) => Promise<unknown>][] = [
  [
    'a backend removes it',
    ({ channel, b }) => app.delete(`/channels/${channel.id}/members/${b.id}`).expect(200),
  ],
  ['a moderator blocks it', ({ channel, a, b }) => asModerator(channel.id, a, b)],
  [
    'it leaves on another device',
    ({ channel, b }) => leaveChannel(server.ctx, callerOf(app, b), channel.id, {}),
  ],
]

async function asModerator(channelId: number, a: { id: number }, b: { id: number }) {
  await app.post(`/channels/${channelId}/moderators`, { id: a.id }).expect(200)
  return blockChannelUser(server.ctx, callerOf(app, a), channelId, { id: b.id })
}

describe.each(removals)('a member who is disconnected while %s', (_how, remove) => {
  it('receives what was before, then its removal, and nothing that follows', async () => {
    const all = await openChat(server, app)
    const { channel, phone, topics, a } = all
    await say(app, channel.id, 'heard')
    await expect.poll(() => phone.bodies(channel.id)).toEqual(['heard'])
    await phone.cut()
    await say(app, channel.id, 'before')
    await remove(all)
    await say(app, channel.id, 'after')
    await phone.connect()
    // Like official clients: the same subscriptions, then the user.
    const answers = phone.listen(...topics)
    phone.askForUser()
    expect(await answers).toEqual([undefined, 'ResourceNotFoundError', 'ResourceNotFoundError'])
    await say(app, channel.id, 'later')
    await sendChannelKeystrokes(server.ctx, asBackend(), channel.id, { keys: 'x', user: { id: a.id } })
    await delivered(app, all)
    await sleep(100)
    expect(phone.bodies(channel.id)).toEqual(['heard', 'before'])
    const types = phone.heard.map(({ type }) => type)
    expect(types).toContain('me.channel.left')
    expect(types.filter((type) => type.includes('keystrokes'))).toEqual([])
    const seen = JSON.stringify(phone.heard)
    for (const body of ['after', 'later']) expect(seen).not.toContain(`"${body}"`)
  })
})

const asBackend = () => ({ kind: 'application' as const, applicationId: app.id, scopes: ['create:*'] })

it('a member who is removed while it is connected receives nothing more of the channel or its threads', async () => {
  const all = await openChat(server, app)
  const { channel, phone, b } = all
  const root = await say(app, channel.id, 'root')
  const thread = `/topic/threads/${root.id}.messages`
  expect(await phone.listen(thread)).toEqual([undefined])
  await app.delete(`/channels/${channel.id}/members/${b.id}`).expect(200)
  await delivered(app, all)
  await app.post(`/threads/${root.id}/messages`, { type: 'TEXT', body: 'a reply' }).expect(200)
  await delivered(app, all)
  expect(JSON.stringify(phone.heard)).not.toContain('a reply')
})

it('a member who is removed while its own change is still to be published is not shown what was written since', async () => {
  const all = await openChat(server, app)
  const { channel, phone, b } = all
  await say(app, channel.id, 'before')
  await delivered(app, all)
  // Whoever takes events locks the lease, so they wait.
  const holder = await server.ctx.db.pool.connect()
  await holder.query('begin')
  await holder.query('select from lease for update')
  await muteChannel(server.ctx, callerOf(app, b), channel.id, { state: 'ON' })
  await app.delete(`/channels/${channel.id}/members/${b.id}`).expect(200)
  await say(app, channel.id, 'after')
  await holder.query('rollback')
  holder.release()
  await delivered(app, all)
  await expect.poll(() => phone.heard.map(({ type }) => type)).toContain('me.channel.left')
  const muted = phone.heard.find(({ type }) => type === 'user.channel.muted')
  expect(muted?.resource).toMatchObject({ id: channel.id })
  expect(muted?.resource).not.toHaveProperty('lastReceivedMessage')
})

it('a member who is removed before the loss of its connection is detected receives again what it has not acknowledged', async () => {
  const all = await openChat(server, app)
  const { channel, phone, topics, b } = all
  phone.acknowledges = false
  await say(app, channel.id, 'before')
  await expect.poll(() => phone.bodies(channel.id)).toEqual(['before'])
  await app.delete(`/channels/${channel.id}/members/${b.id}`).expect(200)
  await delivered(app, all)
  await phone.cut()
  phone.acknowledges = true
  await phone.connect()
  await phone.listen(...topics)
  await expect.poll(() => phone.bodies(channel.id)).toEqual(['before', 'before'])
  await expect.poll(() => phone.heard.filter(({ type }) => type === 'me.channel.left')).toHaveLength(2)
})

it('a member who is removed and added again receives what was before and since, not what was in between', async () => {
  const all = await openChat(server, app)
  const { channel, phone, topics, b } = all
  await phone.cut()
  await say(app, channel.id, 'before')
  await app.delete(`/channels/${channel.id}/members/${b.id}`).expect(200)
  await say(app, channel.id, 'between')
  await app.post(`/channels/${channel.id}/members`, { id: b.id }).expect(200)
  await say(app, channel.id, 'since')
  await phone.connect()
  expect(await phone.listen(...topics)).toEqual([undefined, undefined, undefined])
  await say(app, channel.id, 'now')
  await expect.poll(() => phone.bodies(channel.id)).toEqual(['before', 'since', 'now'])
  const changes = phone.heard.map(({ type }) => type).filter((type) => /joined|left/.test(type))
  expect(changes.slice(-3)).toEqual(['me.channel.left', 'user.channel.left', 'user.channel.joined'])
})

it('a removed member does not receive later changes of earlier messages', async () => {
  const all = await openChat(server, app)
  const { channel, phone, topics, witness, a, b } = all
  // No client is connected, so the event is presented only when it is replayed, with the message in its later state.
  for (const each of [phone, witness]) {
    await each.cut()
    await untilLossIsNoticed(server, each)
  }
  const { id } = await sendMessage(app, channel.id, { body: 'draft', user: { id: a.id } })
  await app.delete(`/channels/${channel.id}/members/${b.id}`).expect(200)
  await app.patch(`/messages/${id}`, { body: 'the secret' }).expect(200)
  await say(app, channel.id, 'last')
  await witness.connect()
  await witness.listen(messages(channel.id))
  await delivered(app, all)
  await phone.connect()
  await phone.listen(...topics)
  expect(JSON.stringify(phone.heard)).not.toMatch(/the secret|"last"/)
})

it('a user who leaves before it subscribed again is notified once, and stays out when it reconnects', async () => {
  const all = await openChat(server, app)
  const { channel, phone, topics, b } = all
  await phone.cut()
  await say(app, channel.id, 'before')
  await phone.connect()
  await app.delete(`/channels/${channel.id}/members/${b.id}`).expect(200)
  await delivered(app, all)
  expect((await phone.listen(...topics)).slice(1)).toEqual(['ResourceNotFoundError', 'ResourceNotFoundError'])
  await expect.poll(() => phone.heard.filter(({ type }) => type === 'me.channel.left')).toHaveLength(1)
  expect(phone.bodies(channel.id)).toEqual(['before'])
  await phone.cut()
  await phone.connect()
  await phone.listen(...topics)
  await delivered(app, all)
  expect(phone.bodies(channel.id)).toEqual(['before'])
  expect(phone.heard.filter(({ type }) => type === 'me.channel.left')).toHaveLength(1)
})

it('a user who reconnects after its channel was deleted receives the deletion, and nothing more of the channel', async () => {
  const all = await openChat(server, app)
  const { channel, phone, topics } = all
  await phone.cut()
  await app.delete(`/channels/${channel.id}`).expect(200)
  await phone.connect()
  expect(await phone.listen(...topics)).toEqual([undefined, 'ResourceNotFoundError', 'ResourceNotFoundError'])
  await expect.poll(() => phone.heard.at(-1)?.type).toBe('user.channel.deleted')
})
