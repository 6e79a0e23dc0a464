import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countChannelMessages } from '#domain/messages/count-channel-messages.ts'
import { getLastReceivedMessage } from '#domain/messages/get-last-received-message.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { listChannelMessages } from '#domain/messages/list-channel-messages.ts'
import { listJoinedMessages } from '#domain/messages/list-joined-messages.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'
import { callerOf } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 3 }

async function conversation(count: number) {
  const [one, two] = await Promise.all([createUser(server.main), createUser(server.main)])
  const channel = await createChannel(server.main, { members: [{ id: one.id }] })
  const ids: number[] = []
  for (let n = 0; n < count; n++) ids.unshift((await sendMessage(server.main, channel.id)).id)
  const channelId: number = channel.id
  return { member: callerOf(server.main, one), outsider: callerOf(server.main, two), channelId, ids }
}

/** Goes through a list to its end, and back again. */
async function walk(list: (request: CursorRequest) => Promise<CursorPage<{ id: number }>>) {
  const there: number[] = []
  const back: number[] = []
  let page = await list({ size: 3, relation: 'SELF' })
  there.push(...page.items.map(({ id }) => id))
  while (page.next !== undefined) {
    page = await list({ size: 3, relation: 'NEXT', next: page.next })
    there.push(...page.items.map(({ id }) => id))
  }
  back.push(...page.items.map(({ id }) => id))
  while (page.hasPrevious && page.start !== undefined) {
    page = await list({ size: 3, relation: 'PREVIOUS', start: page.start })
    back.unshift(...page.items.map(({ id }) => id))
  }
  return { there, back }
}

describe('the messages of a channel', () => {
  it('are listed newest first, forwards and backwards', async () => {
    const { member, channelId, ids } = await conversation(10)
    const list = (request: CursorRequest) => listChannelMessages(server.ctx, member, channelId, {}, request)
    expect(await walk(list)).toEqual({ there: ids, back: ids })
  })

  it('exclude those that a member has cleared', async () => {
    const { member, channelId, ids } = await conversation(6)
    const [newest = 0, , kept = 0, cleared = 0] = ids
    await server.ctx.db.prisma.channelMembership.updateMany({
      where: { channelId, userId: member.userId },
      data: { clearedThroughId: cleared },
    })
    const list = (request: CursorRequest) => listChannelMessages(server.ctx, member, channelId, {}, request)
    expect((await walk(list)).there).toEqual(ids.slice(0, 3))
    expect(await getMessage(server.ctx, member, kept)).toMatchObject({ id: kept })
    await expect(getMessage(server.ctx, member, cleared)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    expect(await countChannelMessages(server.ctx, member, channelId, {})).toBe(3)
    expect(await getLastReceivedMessage(server.ctx, member, channelId)).toMatchObject({ id: newest })
    await server.ctx.db.prisma.channelMembership.updateMany({
      where: { channelId, userId: member.userId },
      data: { clearedThroughId: newest },
    })
    await expect(getLastReceivedMessage(server.ctx, member, channelId)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
  })

  it('can be filtered to the main thread, or to those with a file', async () => {
    const { member, channelId, ids } = await conversation(2)
    await replyToMessage(server.ctx, member, ids[0] as number, { type: 'TEXT', body: 're' })
    const reply = await replyToMessage(server.ctx, member, ids[0] as number, { type: 'FILE', file })
    const sent = await sendMessage(server.main, channelId, { type: 'FILE', file })
    const idsOf = async (filters: Parameters<typeof listChannelMessages>[3]) => {
      const page = await listChannelMessages(server.ctx, member, channelId, filters, {
        size: 25,
        relation: 'SELF',
      })
      return page.items.map(({ id }) => id)
    }
    expect(await idsOf({ mainThread: true })).toEqual([sent.id, ...ids])
    expect(await idsOf({ type: 'FILE' })).toEqual([sent.id, reply.id])
    expect(await idsOf({ mainThread: true, type: 'FILE' })).toEqual([sent.id])
    expect(await idsOf({})).toHaveLength(5)
  })

  it('are for members only', async () => {
    const { outsider, channelId } = await conversation(1)
    const request = { size: 25, relation: 'SELF' as const }
    await expect(listChannelMessages(server.ctx, outsider, channelId, {}, request)).rejects.toMatchObject({
      kind: 'AccessDeniedError',
    })
    await expect(listChannelMessages(server.ctx, outsider, 987_654, {}, request)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
  })
})

describe('the messages of all channels of a user', () => {
  it('are listed newest first, forwards and backwards, without those of other channels', async () => {
    const { member, channelId } = await conversation(0)
    const other = await createChannel(server.main, { members: [{ id: member.userId }] })
    const foreign = await createChannel(server.main)
    const ids: number[] = []
    for (let n = 0; n < 11; n++) {
      ids.unshift((await sendMessage(server.main, n % 3 ? channelId : other.id)).id)
      await sendMessage(server.main, foreign.id)
    }
    const list = (request: CursorRequest) => listJoinedMessages(server.ctx, member, {}, request)
    expect(await walk(list)).toEqual({ there: ids, back: ids })
    const files = await listJoinedMessages(
      server.ctx,
      member,
      { type: 'FILE' },
      { size: 3, relation: 'SELF' },
    )
    expect(files.items).toEqual([])
  })

  it('are none for a user without channels', async () => {
    const { outsider } = await conversation(0)
    const page = await listJoinedMessages(server.ctx, outsider, {}, { size: 3, relation: 'SELF' })
    expect(page).toMatchObject({ items: [], hasPrevious: false })
  })
})
