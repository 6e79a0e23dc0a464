// Sends with a real Postgres: a message is committed with its event before the response, and a message that cannot be
// stored does not affect others.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '#data/database.ts'
import type { NewMessage } from '#data/messages/sending.ts'
import { openDatabase } from '#data/open-database.ts'
import { isKept } from '#data/removal/kept-messages.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
/** Another connection, which only sees committed rows. */
let other: Database
let channel: { id: number }
let foreign: { id: number }
let user: { id: number; name: string }
let stranger: { id: number; name: string }

beforeAll(async () => {
  server = await shareServer()
  other = openDatabase(String(server.ctx.db.pool.options.connectionString), () => {})
  const elsewhere = await server.createApplication()
  channel = await createChannel(server.main)
  foreign = await createChannel(elsewhere)
  user = await createUser(server.main)
  stranger = await createUser(elsewhere)
})
beforeEach(async () => {
  await server.main.delete('/messages').expect(200)
})
afterAll(async () => {
  await other.close()
  await server.close()
})

function draft(body: string, fields: Partial<NewMessage> = {}): NewMessage {
  return {
    applicationId: server.main.id,
    channelId: channel.id,
    body,
    mentions: [],
    links: [],
    properties: {},
    ...fields,
  }
}

const send = (item: NewMessage) => server.ctx.sender.submit(item)
const upTo = (length: number) => Array.from({ length }, (_, at) => at)

async function storedBodies(): Promise<string[]> {
  const text = `select body from message m where channel_id = $1 and ${isKept('m')} order by id`
  const rows = await other.query({ text }, [channel.id])
  return rows.map(([body]) => String(body))
}

describe('messages that are sent at the same time', () => {
  it('get ids in the order in which they were sent', async () => {
    const sent = await Promise.all(upTo(600).map((at) => send(draft(`message ${at}`))))
    const ids = sent.map((message) => (typeof message === 'object' && 'id' in message ? message.id : message))
    expect(ids).toEqual(ids.toSorted((a, b) => Number(a) - Number(b)))
    expect(new Set(ids).size).toBe(600)
    expect(await storedBodies()).toEqual(upTo(600).map((at) => `message ${at}`))
  })

  it('are committed, each with its event, before they are answered', async () => {
    await Promise.all(
      upTo(40).map(async (at) => {
        const sent = await send(draft(`message ${at}`))
        if (typeof sent === 'string' || 'unkept' in sent) throw new Error(String(sent))
        const [row] = await other.query({ text: 'select body from message where id = $1' }, [sent.id])
        expect(row).toEqual([`message ${at}`])
      }),
    )
    const page = await server.main.get(`/channels/${channel.id}/messages?size=1`).expect(200)
    expect(page.body.page.total, 'counted by their events').toBe(40)
  })

  it('fail alone where the channel or the user is unknown, or of another application', async () => {
    const unknown: [NewMessage, string][] = [
      [draft('unknown channel', { channelId: 987_654 }), 'no channel'],
      [draft("another application's channel", { channelId: foreign.id }), 'no channel'],
      [draft('unknown name', { user: { username: 'nobody' } }), 'no user'],
      [draft('unknown id', { user: { id: 987_654 } }), 'no user'],
      [draft("another application's user", { user: { id: stranger.id } }), 'no user'],
      [draft("another application's name", { user: { username: stranger.name } }), 'no user'],
      [draft('a reference to nobody', { user: {} }), 'no user'],
    ]
    const items = upTo(100).flatMap((at): [NewMessage, string][] => [
      [
        draft(`good ${at}`, at % 2 ? { user: { id: user.id } } : { user: { username: user.name } }),
        `good ${at}`,
      ],
      ...(at % 10 === 3 ? unknown : []),
    ])
    const outcomes = await Promise.all(items.map(([item]) => send(item)))
    for (const [at, [, expected]] of items.entries()) {
      const outcome = outcomes[at]
      if (typeof outcome === 'string') expect(outcome).toBe(expected)
      else expect(outcome).toMatchObject({ type: 'TEXT', body: expected, user: { id: user.id } })
    }
    expect(await storedBodies()).toEqual(upTo(100).map((at) => `good ${at}`))
  })

  it('fail alone where Postgres refuses the whole statement', async () => {
    const items = upTo(20).map((at) => draft(at === 7 ? 'NUL \u0000' : `message ${at}`))
    const outcomes = await Promise.allSettled(items.map(send))
    expect(outcomes.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []))).toEqual([7])
    expect((await storedBodies()).toSorted()).toEqual(
      upTo(20)
        .filter((at) => at !== 7)
        .map((at) => `message ${at}`)
        .toSorted(),
    )
    const page = await server.main.get(`/channels/${channel.id}/messages?size=1`).expect(200)
    expect(page.body.page.total, 'nobody is counted twice').toBe(19)
  })

  it('keep all their parts, alone and in a group', async () => {
    const item = draft('see <@x> at https://example.com', {
      user: { id: user.id },
      groupTag: 'gallery',
      links: [{ source: 'https://example.com', startPosition: 12, endPosition: 31 }],
      properties: JSON.parse('{"__proto__":1,"a_b":[null]}'),
    })
    const alone = await send(item)
    const [, grouped] = await Promise.all([send(draft('first')), send(item), send(item)])
    for (const sent of [alone, grouped]) {
      if (typeof sent !== 'object' || 'unkept' in sent) throw new Error(String(sent))
      const { body } = await server.main.get(`/messages/${sent.id}`).expect(200)
      expect(body).toMatchObject({ groupTag: 'gallery', links: item.links, user: { name: user.name } })
      expect(JSON.stringify(body.properties)).toBe('{"a_b":[null],"__proto__":1}')
      expect(body.createdTime).toBe(sent.createdTime)
    }
  })
})
