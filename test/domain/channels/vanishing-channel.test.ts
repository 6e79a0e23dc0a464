// A channel that is deleted while somebody writes to it: whoever comes too late learns that it does not exist.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let user: { id: number }
beforeAll(async () => {
  server = await shareServer()
  user = await createUser(server.main)
})
afterAll(() => server.close())

/** Deletes the channel in a transaction that commits only once `late` waits for it. */
async function whileDeleting<T>(channelId: number, late: () => PromiseLike<T>): Promise<T> {
  const client = await server.ctx.db.pool.connect()
  try {
    await client.query('begin')
    await client.query('delete from channel where id = $1', [channelId])
    const answer = Promise.resolve(late())
    const waiting =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    await expect.poll(async () => (await server.ctx.db.pool.query(waiting)).rowCount).toBeGreaterThan(0)
    await client.query('commit')
    return await answer
  } finally {
    client.release(true)
  }
}

describe('an operation on a channel that was just deleted is answered 404', () => {
  it.each<[string, string, () => object]>([
    ['a new member', 'members', () => ({ id: user.id })],
    ['a new moderator', 'moderators', () => ({ id: user.id })],
    ['a message', 'messages', () => ({ type: 'TEXT', body: 'Hello' })],
  ])('%s', async (_what, list, body) => {
    const channel = await createChannel(server.main)
    const answer = await whileDeleting(channel.id, () =>
      server.main.post(`/channels/${channel.id}/${list}`, body()),
    )
    expect(answer.status, answer.text).toBe(404)
    expect(answer.body).toMatchObject({
      error: 'ResourceNotFoundError',
      detail: `channel ${channel.id} does not exist`,
    })
  })

  it('messages to other channels in the same group commit are stored', async () => {
    const [vanishing, staying] = [await createChannel(server.main), await createChannel(server.main)]
    const post = (id: number) => server.main.post(`/channels/${id}/messages`, { type: 'TEXT', body: 'Hello' })
    const answers = await whileDeleting(vanishing.id, () =>
      Promise.all([vanishing, staying, vanishing, staying, staying].map(({ id }) => post(id))),
    )
    expect(answers.map(({ status }) => status)).toEqual([404, 200, 404, 200, 200])
    const page = await server.main.get(`/channels/${staying.id}/messages`).expect(200)
    expect(page.body.page.total).toBe(3)
    expect(page.body._embedded.messages).toHaveLength(3)
  })
})
