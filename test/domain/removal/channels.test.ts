// What is in a deleted channel goes in batches; nobody sees any of it meanwhile.

import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Context } from '#context.ts'
import { Superseded } from '#domain/jobs/store-batch.ts'
import { inBatches } from '#domain/removal/in-batches.ts'
import { sweepChannels } from '#domain/removal/sweep-channels.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { importFile } from '../../support/jobs.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const many = 1_200

let server: TestServer
let owner: AdminClient
let path: string
beforeAll(async () => {
  server = await startServer()
  owner = await createAdmin(server, 'owner')
  path = `/applications/${server.main.id}`
})
afterAll(() => server.close())

const count = async (text: string, values: unknown[] = []) =>
  Number((await server.ctx.db.query({ text }, values))[0]?.[0])

/** A channel with many messages, one of them with a file, one with a reaction, one in a thread, all read by somebody. */
async function largeChannel() {
  const [author, reader] = await Promise.all([createUser(server.main), createUser(server.main)])
  const channel = await createChannel(server.main, {
    name: uuid(),
    members: [{ username: author.name }, { username: reader.name }],
  })
  const items = Array.from({ length: many }, (_, at) => ({
    type: 'TEXT',
    channelId: channel.id,
    user: author.name,
    body: `searchable ${at}`,
  }))
  expect(await importFile(server.main, 'messages', items)).toMatchObject({ state: 'FINISHED', failed: 0 })
  const sent = await sendMessage(server.main, channel.id, { user: { username: author.name } })
  await server.main
    .post(`/channels/${channel.id}/messages`)
    .field({ username: author.name })
    .attach('file', Buffer.from('bytes'), 'seen.txt')
    .expect(200)
  return { channel, author, reader, sent }
}

/** The last job of a type, once it has ended. */
async function lastJob(type: string) {
  const jobs = () => owner.get(`${path}/jobs`).expect(200)
  await expect
    .poll(async () => (await jobs()).body.items.find((job: { type: string }) => job.type === type))
    .toMatchObject({ state: expect.stringMatching(/FINISHED|FAILED/) })
  return (await jobs()).body.items.find((job: { type: string }) => job.type === type)
}

const tablesOfChannels = [
  'message',
  'thread',
  'read_span',
  'chat_session',
  'channel_membership',
  'channel_activity',
]

describe('a channel with many messages', () => {
  it('is hidden from everybody and no longer counted at once, and fully deleted after the job', async () => {
    const { channel, author, sent } = await largeChannel()
    const before = (await server.main.get('/messages?size=1').expect(200)).body.page.total
    await server.main.delete(`/channels/${channel.id}`).expect(200)

    await server.main.get(`/channels/${channel.id}`).expect(404)
    await server.main.get(`/channels/${channel.id}/messages`).expect(404)
    await server.main.get(`/messages/${sent.id}`).expect(404)
    await server.main.delete(`/messages/${sent.id}`).expect(404)
    const { body: all } = await server.main.get('/messages?query=searchable').expect(200)
    expect(all._embedded?.messages ?? []).toEqual([])
    expect((await server.main.get('/messages?size=1').expect(200)).body.page.total).toBe(before - many - 2)
    const { body: his } = await server.main.get(`/users/${author.id}/messages`).expect(200)
    expect(his._embedded?.messages ?? []).toEqual([])
    const { body: found } = await owner.get(`${path}/messages?query=searchable`).expect(200)
    expect(found.items).toEqual([])
    await createChannel(server.main, { name: channel.name }) // its name is free

    expect(await lastJob('CHANNEL_DELETION')).toMatchObject({
      state: 'FINISHED',
      processed: many + 2,
      total: many + 2,
      failed: 0,
    })
    for (const table of tablesOfChannels) {
      expect(await count(`select count(*) from ${table} where channel_id = $1`, [channel.id]), table).toBe(0)
    }
    expect(await count('select count(*) from channel where id = $1', [channel.id])).toBe(0)
    expect(await count('select count(*) from file where expires_time is null')).toBe(0)
    await expect
      .poll(() => server.main.get('/messages?size=1').then(({ body }) => body.page.total))
      .toBe(before - many - 2)
  })

  it('is not listed as a job by the Platform API', async () => {
    const { body } = await server.main.get('/jobs?size=100').expect(200)
    const types = new Set((body._embedded?.jobs ?? []).map(({ type }: { type: string }) => type))
    expect([...types]).toEqual(['MESSAGE_IMPORT'])
    const { items } = (await owner.get(`${path}/jobs`).expect(200)).body
    const { id } = items.find(({ type }: { type: string }) => type === 'CHANNEL_DELETION')
    await server.main.get(`/jobs/${id}`).expect(404)
    await owner.get(`${path}/jobs/${id}`).expect(200)
  })
})

describe('a batch', () => {
  const job = async (ctx: Context) => {
    const row = await ctx.db.prisma.job.create({
      data: { applicationId: server.main.id, type: 'CHANNEL_DELETION', state: 'RUNNING' },
    })
    return {
      id: Number(row.id),
      applicationId: server.main.id,
      type: 'CHANNEL_DELETION' as const,
      processed: 0,
      failed: 0,
      total: undefined,
      reported: 0,
    }
  }

  it('saves its progress in its own commit, and the job stops between two batches when it is aborted', async () => {
    const { ctx } = server
    const begun = await job(ctx)
    const stop = new AbortController()
    let batches = 0
    const work = inBatches(ctx, begun, stop.signal, async () => {
      batches += 1
      if (batches === 2) stop.abort(new Error('stopped'))
      return { counted: 10, more: true }
    })
    await expect(work).rejects.toThrow()
    expect(await count('select processed from job where id = $1', [begun.id])).toBe(20)
    expect(batches).toBe(2)
  })

  it('does nothing where another process has the job', async () => {
    const { ctx } = server
    const begun = await job(ctx)
    await ctx.db.run({ text: 'update job set processed = 5 where id = $1' }, [begun.id])
    const work = inBatches(ctx, begun, new AbortController().signal, async () => ({
      counted: 1,
      more: false,
    }))
    await expect(work).rejects.toThrow(Superseded)
  })
})

it('what is left of a channel without a job is swept', async () => {
  const { channel } = await largeChannel()
  const { ctx } = server
  await ctx.db.run({ text: 'delete from channel_membership where channel_id = $1' }, [channel.id])
  await ctx.db.run({ text: 'update channel set application_id = null where id = $1' }, [channel.id])
  while (await sweepChannels(ctx));
  expect(await count('select count(*) from message where channel_id = $1', [channel.id])).toBe(0)
  expect(await count('select count(*) from channel where id = $1', [channel.id])).toBe(0)
})
