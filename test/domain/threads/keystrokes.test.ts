import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { sendChannelKeystrokes } from '#domain/threads/send-channel-keystrokes.ts'
import { sendThreadKeystrokes } from '#domain/threads/send-thread-keystrokes.ts'
import { Typists } from '#domain/threads/typists.ts'
import { callerOf, connectListener } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let user: { id: number; name: string }
let caller: UserCaller
let moderator: { id: number; name: string }
let channelId: number
let threadId: number
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  user = await createUser(server.main)
  caller = callerOf(server.main, user)
  moderator = await createUser(server.main)
  const channel = await createChannel(server.main, {
    creator: { id: moderator.id },
    members: [{ id: user.id }],
  })
  channelId = channel.id
  threadId = (await sendMessage(server.main, channelId)).id
})

const typeBoth = () =>
  Promise.all([
    sendChannelKeystrokes(server.ctx, caller, channelId, { keys: 'Hel' }),
    sendThreadKeystrokes(server.ctx, caller, threadId, { keys: 'Hel' }),
  ])

async function expectBothRefused(): Promise<void> {
  for (const type of [
    () => sendChannelKeystrokes(server.ctx, caller, channelId, { keys: 'Hell' }),
    () => sendThreadKeystrokes(server.ctx, caller, threadId, { keys: 'Hell' }),
  ]) {
    await expect(type()).rejects.toMatchObject({
      kind: expect.stringMatching(/ResourceNotFoundError|AccessDeniedError/),
    })
  }
}

it('keystrokes after the first need no query', async () => {
  await typeBoth()
  await server.ctx.db.transact(async (tx) => {
    // Whoever asked these would wait for the end of the test.
    await tx.run(
      { text: 'lock table "user", channel, channel_membership, thread in access exclusive mode' },
      [],
    )
    expect(await typeBoth()).toMatchObject([{ username: user.name }, { threadId }])
  })
})

describe('keystrokes of users who may no longer type stop at once', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['removed', () => server.main.delete(`/channels/${channelId}/members/${user.id}`).expect(200)],
    [
      'blocked',
      () => blockChannelUser(server.ctx, callerOf(server.main, moderator), channelId, { id: user.id }),
    ],
    ['deleted', () => server.main.delete(`/users/${user.id}`).expect(200)],
    ['without its channel', () => server.main.delete(`/channels/${channelId}`).expect(200)],
  ])('%s', async (_, end) => {
    await typeBoth()
    await end()
    await expectBothRefused()
  })

  it('removed by another process', async () => {
    await connectListener(server, server.main)
    await typeBoth()
    const payload = JSON.stringify({ userId: user.id })
    await server.ctx.db.query(
      {
        text: `
          with gone as (delete from channel_membership where channel_id = $2 and user_id = $3)
          insert into outbox_event (application_id, type, channel_id, count, payload)
          values ($1, 'channel.member.left', $2, -1, $4::jsonb)`,
      },
      [server.main.id, channelId, user.id, payload],
    )
    const isRefused = () =>
      typeBoth().then(
        () => false,
        () => true,
      )
    await expect.poll(isRefused).toBe(true)
    await expectBothRefused()
  })
})

it('the permission to type is not cached where it changed while it was looked up', async () => {
  const typists = new Typists()
  const found = { user, thread: { id: threadId, channelId } } as never
  const change = { type: 'channel.member.left', channelId, userId: user.id } as const
  await typists.find(user.id, 'here', async () => {
    typists.follow(change)
    return found
  })
  const asked: string[] = []
  const find = (name: string) =>
    typists.find(user.id, 'here', async () => {
      asked.push(name)
      return found
    })
  await find('second')
  await find('third')
  expect(asked).toEqual(['second'])
})
