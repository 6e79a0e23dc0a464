import { afterAll, beforeAll, expect, it } from 'vitest'
import { sweepReadSpans } from '#domain/retention/sweep-read-spans.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

interface Receipt {
  user: { id: number }
  createdTime: string
}

const timeOf = (visit: number) => new Date(Date.UTC(2026, 0, 1 + visit)).toISOString()

it('adjacent visits are merged into one row without loss of information', async () => {
  const { db } = server.ctx
  const [often, seldom] = [await createUser(server.main), await createUser(server.main)]
  const channel = await createChannel(server.main, { members: [{ id: often.id }, { id: seldom.id }] })
  const sent: number[] = []
  for (let visit = 0; visit < 12; visit++) {
    const { id } = await sendMessage(server.main, channel.id)
    sent.push(id)
    await db.query({ text: 'update message set created_time = $2 where id = $1' }, [id, timeOf(-1)])
    if (visit === 6) continue // nobody has read it
    for (const user of visit < 3 ? [often, seldom] : [often]) {
      await db.query(
        {
          text: `insert into read_span (channel_id, user_id, from_id, through_id, created_time)
            values ($1, $2, $3, $3, $4)`,
        },
        [channel.id, user.id, id, timeOf(visit)],
      )
    }
  }
  const told = async () =>
    Promise.all(
      sent.map(async (id) => {
        const { body } = await server.main.get(`/messages/${id}/read-receipts`).expect(200)
        const receipts: Receipt[] = Object.values(body._embedded ?? {}).flat() as never
        return receipts.map(({ user, createdTime }) => [user.id, createdTime])
      }),
    )
  const unread = async () =>
    (await server.main.get(`/users/${often.id}/messages/unread/count`).expect(200)).body
  const before = [await told(), await unread()]
  expect(before[0]?.[4]).toEqual([[often.id, timeOf(4)]])

  for (let place = await sweepReadSpans(server.ctx); place; ) place = await sweepReadSpans(server.ctx, place)
  expect([await told(), await unread()]).toEqual(before)
  const rows = await db.query(
    { text: 'select user_id, count(*)::int from read_span where channel_id = $1 group by 1 order by 1' },
    [channel.id],
  )
  expect(rows).toEqual([
    [often.id, 2],
    [seldom.id, 3],
  ])
})
