// The cache of authors and creators is invisible: a page contains their current data.
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { ChannelDocument, MessageDocument, PageDocument, UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
let channelId: number
let author: UserDocument
beforeAll(async () => {
  server = await startServer()
  main = server.main
  author = await createUser(main)
  channelId = (await createChannel(main)).id
  for (let nth = 0; nth < 3; nth++) await sendMessage(main, channelId, { user: { id: author.id } })
  await sendMessage(main, channelId, { user: { id: (await createUser(main)).id } })
  await sendMessage(main, channelId, {})
  const own = await createChannel(main, { name: 'own', creator: { id: author.id } })
  await sendMessage(main, own.id, { user: { id: author.id } })
})
afterAll(() => server.close())

const users = async () => {
  const { body } = await main.get(`/channels/${channelId}/messages`).expect(200)
  const { messages } = (body as PageDocument<'messages', MessageDocument>)._embedded
  return messages.map((message) => ('user' in message ? message.user : undefined))
}
/** The creator of each channel, and the author of its last message. */
const channelUsers = async () => {
  const { body } = await main.get('/channels').expect(200)
  const { channels } = (body as PageDocument<'channels', ChannelDocument>)._embedded
  return channels.map(({ creator, lastReceivedMessage: last }) => [
    creator,
    last && 'user' in last ? last.user : undefined,
  ])
}
const alone = async ({ id }: { id: number }) => {
  const { _links, ...user } = (await main.get(`/users/${id}`).expect(200)).body
  return user
}
const change = (changes: string) =>
  server.ctx.db.run({ text: `update "user" set ${changes} where id = $1` }, [author.id])

it.each([
  `display_name = 'Somebody else'`,
  `name = name || '-renamed'`,
  `is_guest = not is_guest`,
  `call_status = 'IN_CALL'`,
  `presence_status = 'AVAILABLE', presence_online = true`,
  `picture_url = 'https://pictures.example.com/1.png'`,
  `picture_url = null`,
  `type = 'BOT'`,
  `properties = '{"role": "host"}'`,
  `properties = jsonb_build_object('long', (select string_agg(md5(i::text), ' ') from generate_series(1, 100) i))`,
  `properties = jsonb_set(properties, '{more}', '1')`,
  `deleted_time = null`,
])('after %s a page that was read before shows the author as changed', async (changes) => {
  await Promise.all([users(), channelUsers()])
  const before = await users()
  await change(changes)
  const [shown, channels] = await Promise.all([users(), channelUsers()])
  const user = await alone(author)
  expect(shown).toEqual([undefined, before[1], user, user, user])
  expect(channels).toContainEqual([user, user])
  expect(await users()).toEqual(shown)
  expect(await channelUsers()).toEqual(channels)
})

it('an author who changes again and again is shown as of the last change, to all concurrent readers', async () => {
  for (let nth = 0; nth < 50; nth++) {
    await change(`display_name = 'Number ${nth}'`)
    const pages = await Promise.all([1, 2, 3, 4, 5].map(users))
    for (const page of pages) expect(page[3]?.displayName).toBe(`Number ${nth}`)
  }
})

it('a change that is rolled back is never shown', async () => {
  const before = await users()
  const undone = server.ctx.db.transact(async (tx) => {
    await tx.run({ text: `update "user" set display_name = 'Nobody' where id = $1` }, [author.id])
    expect(await users()).toEqual(before)
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  expect(await users()).toEqual(before)
})

it('authors are read again after a connection was lost', async () => {
  const { db } = server.ctx
  let lost = 0
  db.onLost(() => lost++)
  let cut = 0
  await expect
    .poll(async () => {
      if (cut > 0) return lost
      await change(`display_name = display_name || '.'`) // makes the query for authors its connection's last
      await users()
      cut = await db.run(
        {
          text: `
              select pg_terminate_backend(pid) from pg_stat_activity
              where pid <> pg_backend_pid() and datname = current_database() and query like '%u.xmin%'`,
        },
        [],
      )
      return lost
    })
    .toBeGreaterThan(0)
  // The loss of the other pipelined connection may only be detected now, by the next query.
  await vi.waitFor(async () => expect((await users())[2]).toEqual(await alone(author)))
})
