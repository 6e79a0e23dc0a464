// What happened by hours and days, folded in the background.
import fc from 'fast-check'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addDurations, noDurations, quantile, stepOf } from '#domain/statistics/durations.ts'
import { foldStatistics } from '#domain/statistics/fold-statistics.ts'
import { saveUsage } from '#domain/statistics/save-usage.ts'
import type { StatisticsBucket } from '#resources/admin/statistics.ts'
import { type AdminClient, createAdmin } from '../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let application: TestApplication
let viewer: AdminClient
beforeAll(async () => {
  server = await startServer()
  application = await server.createApplication()
  viewer = await createAdmin(server, 'viewer')
})
afterAll(() => server.close())

async function fold(): Promise<void> {
  while (await foldStatistics(server.ctx));
}

async function statistics(query = '', { id } = application): Promise<StatisticsBucket[]> {
  const { body } = await viewer.get(`/applications/${id}/statistics${query}`).expect(200)
  return body.buckets
}

const hourMs = 3_600_000
const hourOf = (time: number) => new Date(Math.floor(time / hourMs) * hourMs).toISOString()

describe('statistics', () => {
  it('count messages, active users, new users and connected users, by hours and days', async () => {
    const [ada, bob, eve] = await Promise.all([1, 2, 3].map(() => createUser(application)))
    const channel = await createChannel(application)
    for (const user of [ada, ada, bob]) {
      await sendMessage(application, channel.id, { user: { id: user?.id } })
    }
    await sendMessage(application, channel.id)
    await server.ctx.db.prisma.userSession.create({
      data: { applicationId: application.id, userId: eve?.id ?? 0, key: uuid() },
    })
    await fold()
    const counted = { messages: 4, activeUsers: 3, newUsers: 3, connections: 1 }
    const hours = await statistics()
    expect(hours).toHaveLength(24)
    expect(hours.at(-1)).toMatchObject({ start: hourOf(Date.now()), ...counted })
    expect(hours[0]).toMatchObject({ messages: 0, activeUsers: 0, newUsers: 0, connections: 0, requests: 0 })
    const days = await statistics('?interval=day')
    expect(days).toHaveLength(30)
    expect(days.at(-1)).toMatchObject(counted)
    expect((await statistics('', server.main)).at(-1)).toMatchObject({ messages: 0, newUsers: 0 })
  })

  it('include what was there before they were recorded, once', async () => {
    const { prisma } = server.ctx.db
    const then = new Date(Date.now() - 50 * hourMs)
    const user = await createUser(application)
    await prisma.user.update({ where: { id: user.id }, data: { createdTime: then } })
    await prisma.statisticsDue.create({ data: { interval: 'hour', start: hourOf(then.getTime()) } })
    await fold()
    const query = `?from=${hourOf(then.getTime())}&to=${new Date(then.getTime() + 1).toISOString()}`
    const buckets = await statistics(query)
    expect(buckets).toEqual([
      {
        start: hourOf(then.getTime()),
        messages: 0,
        activeUsers: 0,
        newUsers: 1,
        connections: 0,
        requests: 0,
        errors: 0,
        p50Ms: null,
        p99Ms: null,
      },
    ])
    const left = await prisma.statisticsDue.findMany()
    expect(
      left.map(({ start }) => start.getTime()).filter((start) => start < Date.now() - 48 * hourMs),
    ).toEqual([])
  })

  it('count requests of backends and their durations, of all processes together', async () => {
    const other = await server.createApplication()
    for (let count = 0; count < 5; count++) await other.get('/users').expect(200)
    await saveUsage(server.ctx)
    await other.get('/users').expect(200)
    await other.get('/users/999999999').expect(404)
    await saveUsage(server.ctx)
    const now = (await statistics('', other)).at(-1)
    expect(now).toMatchObject({ requests: 8, errors: 1 }) // with the look at itself when it was made
    expect(now?.p50Ms).toBeGreaterThan(0)
    expect(now?.p99Ms).toBeGreaterThanOrEqual(now?.p50Ms ?? 0)
    expect((await statistics('?interval=day', other)).at(-1)).toMatchObject({
      requests: 8,
      errors: 1,
      p50Ms: now?.p50Ms,
    })
  })

  it.each([
    ['interval=week', 'interval'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['from=x', 'from'],
  ])('are refused for %s', async (query, field) => {
    const refused = await viewer.get(`/applications/${application.id}/statistics?${query}`).expect(400)
    expect(refused.body).toMatchObject({ error: 'ClientError', field })
  })
})

describe('durations', () => {
  it('have quantiles with an error of less than one bucket, however they were added up', () => {
    const some = fc.array(fc.double({ min: 0.01, max: 10_000, noNaN: true }), {
      minLength: 1,
      maxLength: 200,
    })
    fc.assert(
      fc.property(some, some, fc.constantFrom(0.5, 0.99), (here, there, part) => {
        const counts = (all: number[]) => {
          const counted = noDurations()
          for (const ms of all) counted[stepOf(ms)] = (counted[stepOf(ms)] ?? 0) + 1
          return counted
        }
        const all = [...here, ...there].sort((one, other) => one - other)
        const exact = all[Math.ceil(part * all.length) - 1] ?? 0
        const found = quantile(addDurations(counts(here), counts(there)), part) ?? 0
        expect(found).toBeLessThanOrEqual(Math.max(0.26, exact * Math.SQRT2 + 0.01))
        expect(found).toBeGreaterThanOrEqual(exact / Math.SQRT2 - 0.26)
      }),
    )
    expect(quantile(noDurations(), 0.5)).toBeUndefined()
  })
})
