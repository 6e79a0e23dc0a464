import { randomBytes } from 'node:crypto'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Kept, trimBatchMax, trimStatements } from '#data/jobs/retention.ts'
import { sweepFiles } from '#domain/files/sweep-files.ts'
import { sweepCounters } from '#domain/retention/sweep-counters.ts'
import { trimRecords } from '#domain/retention/trim-records.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { endedJob, importFile } from '../../support/jobs.ts'
import { expectRefusal } from '../../support/protects.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const settings = {
  NOTIFICATIONS_DAYS: '60',
  SESSIONS_DAYS: '20',
  JOBS_DAYS: '10',
  IDEMPOTENCY_KEYS_DAYS: '100',
  AUDIT_DAYS: '50',
}

let server: TestServer
let user: { id: number }
let channel: { id: number }
let message: { id: number }
beforeAll(async () => {
  server = await startServer(settings)
  user = await createUser(server.main)
  channel = await createChannel(server.main)
  message = await sendMessage(server.main, channel.id)
})
afterAll(() => server.close())

const prisma = () => server.ctx.db.prisma
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

async function trimAll(ctx = server.ctx): Promise<void> {
  while (await trimRecords(ctx));
}

/** Of one type, for there is one of each for a message and a recipient. */
async function notification(createdTime: Date): Promise<bigint> {
  const recipient = await createUser(server.main)
  const row = await prisma().notification.create({
    data: {
      recipientId: recipient.id,
      messageId: message.id,
      type: 'SYSTEM_SENT_MESSAGE',
      title: 'x',
      body: 'x',
      createdTime,
    },
  })
  return row.id
}

/** A session that began a year ago; it is open where it has not ended. */
async function session(endTime?: Date): Promise<bigint> {
  const row = await prisma().userSession.create({
    data: {
      applicationId: server.main.id,
      userId: user.id,
      key: uuid(),
      createdTime: daysAgo(365),
      ...(endTime && { state: 'ENDED', endTime }),
    },
  })
  return row.id
}

async function chatSession(sessionId: bigint, endTime?: Date): Promise<bigint> {
  const row = await prisma().chatSession.create({
    data: {
      sessionId,
      channelId: channel.id,
      createdTime: daysAgo(365),
      ...(endTime && { state: 'ENDED', endTime }),
    },
  })
  return row.id
}

describe('records older than the settings allow are removed, and nothing else:', () => {
  it('notifications', async () => {
    const [old, young] = [await notification(daysAgo(61)), await notification(daysAgo(59))]
    await trimAll()
    const left = (await prisma().notification.findMany({ select: { id: true } })).map(({ id }) => id)
    expect(left).toContain(young)
    expect(left).not.toContain(old)
  })

  it('sessions of users and of channels after their end; open ones stay, however old', async () => {
    const [open, young, old] = [
      await session(),
      await session(daysAgo(19)),
      await session(daysAgo(21)),
    ] as const
    const stays = [await chatSession(open), await chatSession(open, daysAgo(19))]
    const goes = [await chatSession(open, daysAgo(21)), await chatSession(old, daysAgo(21))]
    await trimAll()
    const sessions = (await prisma().userSession.findMany()).map(({ id }) => id)
    expect(sessions).toEqual(expect.arrayContaining([open, young]))
    expect(sessions).not.toContain(old)
    const chats = (await prisma().chatSession.findMany()).map(({ id }) => id)
    expect(chats).toEqual(expect.arrayContaining(stays))
    for (const id of goes) expect(chats).not.toContain(id)
    await server.main.get(`/user-sessions/${open}`).expect(200)
    expectRefusal(await server.main.get(`/user-sessions/${old}`), 404, 'ResourceNotFoundError')
  })

  it('jobs after their end, with the file that they wrote; waiting and running ones stay', async () => {
    const export_ = async () =>
      endedJob(server.main, (await server.main.post('/analytics/users').expect(202)).body.id)
    const [old, young] = [await export_(), await export_()]
    const unfinished = await Promise.all(
      (['PENDING', 'RUNNING'] as const).map((state) =>
        prisma().job.create({
          data: { applicationId: server.main.id, type: 'USER_IMPORT', state, createdTime: daysAgo(365) },
        }),
      ),
    )
    await prisma().job.update({ where: { id: old.id }, data: { endedTime: daysAgo(11) } })
    await prisma().job.update({ where: { id: young.id }, data: { endedTime: daysAgo(9) } })
    await trimAll()
    expectRefusal(await server.main.get(`/jobs/${old.id}`), 404, 'ResourceNotFoundError')
    for (const { id } of [young, ...unfinished]) await server.main.get(`/jobs/${id}`).expect(200)
    const file = (url: string) =>
      supertest(server.url).get(new URL(url).pathname).set('authorization', `Bearer ${server.main.token}`)
    expectRefusal(await file(old.file), 404, 'ResourceNotFoundError')
    await file(young.file).expect(200)
    while (await sweepFiles(server.ctx));
    const key = new URL(old.file).pathname.split('/')[3] as string
    await expect(server.ctx.files.open(key), 'its bytes are gone').rejects.toThrow()
  })

  it('keys of imports: an item is recognised for as long as is promised', async () => {
    const key = { applicationId: server.main.id, kind: 'USER_IMPORT' as const }
    const items = ['old', 'young'].map((name) => ({ name, displayName: name, idempotencyKey: name }))
    await importFile(server.main, 'users', items)
    for (const [name, days] of [
      ['old', 101],
      ['young', 99],
    ] as const) {
      await prisma().idempotencyKey.update({
        where: { applicationId_kind_key: { ...key, key: name } },
        data: { createdTime: daysAgo(days) },
      })
    }
    await trimAll()
    const left = await prisma().idempotencyKey.findMany({ where: key })
    expect(left.map(({ key }) => key)).toEqual(['young'])
  })

  it('access tokens that have expired', async () => {
    const issue = (expiresTime: Date) =>
      prisma().accessToken.create({
        data: {
          hash: new Uint8Array(randomBytes(32)),
          applicationId: server.main.id,
          clientId: server.main.clientId,
          scope: '',
          expiresTime,
        },
      })
    const [old, young] = [await issue(new Date(Date.now() - 1_000)), await issue(daysAgo(-1))]
    await trimAll()
    const left = (await prisma().accessToken.findMany()).map(({ hash }) => Buffer.from(hash).toString('hex'))
    expect(left).toContain(Buffer.from(young.hash).toString('hex'))
    expect(left).not.toContain(Buffer.from(old.hash).toString('hex'))
    await server.main.get('/users').expect(200)
  })
})

describe('the audit log', () => {
  it('is kept for the set number of days, and is never changed', async () => {
    const entry = (createdTime: Date) =>
      prisma().auditEntry.create({
        data: { actorType: 'system', actorName: 'test', action: 'user.deleted', createdTime },
      })
    const [old, young] = [await entry(daysAgo(51)), await entry(daysAgo(49))]
    await trimAll()
    const left = await prisma().auditEntry.findMany({ where: { id: { in: [old.id, young.id] } } })
    expect(left.map(({ id }) => id)).toEqual([young.id])
    const change = prisma().auditEntry.update({ where: { id: young.id }, data: { actorName: 'nobody' } })
    await expect(change).rejects.toThrow('never changed')
  })
})

describe('trimming', () => {
  beforeEach(() => trimAll())

  it('removes nothing that is kept for ever', async () => {
    const ctx = { ...server.ctx, config: { ...server.ctx.config } }
    ctx.config.keptDays = {
      notifications: undefined,
      sessions: undefined,
      jobs: undefined,
      idempotencyKeys: undefined,
      audit: undefined,
    }
    const [delivered, over] = [await notification(daysAgo(3_000)), await session(daysAgo(3_000))]
    await trimAll(ctx)
    expect(await prisma().notification.findUnique({ where: { id: delivered } })).not.toBeNull()
    expect(await prisma().userSession.findUnique({ where: { id: over } })).not.toBeNull()
  })

  it('does not wait for locks: locked rows are left for later', async () => {
    const [held, free] = [await session(daysAgo(400)), await session(daysAgo(300))]
    const [heldNotice, freeNotice] = [await notification(daysAgo(400)), await notification(daysAgo(300))]
    const client = await server.ctx.db.pool.connect()
    try {
      await client.query('begin')
      await client.query('select from user_session where id = $1 for update', [held])
      await client.query('select from notification where id = $1 for update', [heldNotice])
      await trimAll()
      const sessions = await prisma().userSession.findMany({ where: { id: { in: [held, free] } } })
      expect(sessions.map(({ id }) => id)).toEqual([held])
      const notices = await prisma().notification.findMany({
        where: { id: { in: [heldNotice, freeNotice] } },
      })
      expect(notices.map(({ id }) => id)).toEqual([heldNotice])
    } finally {
      await client.query('rollback')
      client.release()
    }
    await trimAll()
    expect(await prisma().userSession.findUnique({ where: { id: held } })).toBeNull()
    expect(await prisma().notification.findUnique({ where: { id: heldNotice } })).toBeNull()
  })

  it('takes a batch at a time, by indexes only', async () => {
    const { db } = server.ctx
    const many = 5 * trimBatchMax
    await db.query(
      {
        text: `
          insert into idempotency_key (application_id, kind, key, created_time)
          select $1, 'MESSAGE_IMPORT', 'k' || n, now() - interval '1 year' from generate_series(1, $2::int) n`,
      },
      [server.main.id, many],
    )
    await db.query(
      {
        text: `
          insert into user_session (application_id, user_id, key, state, end_time)
          select $1, $2, gen_random_uuid(), 'ENDED', now() - interval '1 year' from generate_series(1, $3::int)`,
      },
      [server.main.id, user.id, many],
    )
    await db.query({ text: 'analyze idempotency_key, user_session, chat_session, job, notification' }, [])
    await trimRecords(server.ctx)
    const left = () =>
      Promise.all([
        prisma().idempotencyKey.count({ where: { kind: 'MESSAGE_IMPORT' } }),
        prisma().userSession.count({ where: { endTime: { lt: daysAgo(200) } } }),
      ])
    expect(await left()).toEqual([many - trimBatchMax, many - trimBatchMax])

    const scans: Partial<Record<Kept, string[]>> = {}
    for (const kept of ['userSessions', 'idempotencyKeys'] as const) {
      const { text } = trimStatements[kept]
      const rows = await db.query({ text: `explain ${text}` }, [20, trimBatchMax])
      const table = kept === 'userSessions' ? 'user_session' : 'idempotency_key'
      scans[kept] = rows.map(([line]) => String(line)).filter((line) => line.includes(`Seq Scan on ${table}`))
    }
    expect(scans).toEqual({ userSessions: [], idempotencyKeys: [] })
    await trimAll()
    expect(await left()).toEqual([0, 0])
  })
})

it('counters are deleted with the channel or thread that they are of, and no others', async () => {
  const gone = await createChannel(server.main)
  await sendMessage(server.main, gone.id)
  await server.main.delete(`/channels/${gone.id}`).expect(200)
  const countersOf = (id: number) =>
    prisma().counter.count({ where: { scope: { startsWith: 'channel.' }, scopeId: id } })
  const outbox = () => prisma().outboxEvent.count()
  await expect.poll(outbox).toBe(0)
  expect(await countersOf(gone.id)).toBeGreaterThan(0)
  const before = await countersOf(channel.id)
  await sweepCounters(server.ctx)
  expect(await countersOf(gone.id)).toBe(0)
  expect(await countersOf(channel.id)).toBe(before)
  const { body } = await server.main.get(`/channels/${channel.id}/messages`).expect(200)
  expect(body._embedded.messages).toHaveLength(1)
})
