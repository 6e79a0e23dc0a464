import { afterAll, beforeAll, expect, it } from 'vitest'
import { addLinkPreviews } from '#domain/messages/add-link-previews.ts'
import { connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createChannel, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let channelId: number
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
  channelId = (await createChannel(server.main)).id
})
afterAll(() => server.close())

/** A web on which each page is called by its address, but for those that have nothing to show. */
function web(before?: () => Promise<unknown>) {
  const asked: string[] = []
  const fetch = async (url: string) => {
    asked.push(url)
    await before?.()
    if (url.endsWith('nothing')) return undefined
    return { url, title: url, image: { source: `${url}.png` } }
  }
  return { asked, pages: { fetch } }
}

const updatesOf = async (id: number) =>
  (await deliveredEvents(server, 'channel.message.updated')).filter(({ payload }) => payload.messageId === id)
const read = async (id: number) => (await server.main.get(`/messages/${id}`).expect(200)).body

it('a message shows previews of the pages that it links to, and is not marked as edited', async () => {
  const body = 'https://a.example/1 https://a.example/nothing https://a.example/1'
  const { id } = await sendMessage(server.main, channelId, { body })
  const { asked, pages } = web()
  await addLinkPreviews(server.ctx, pages, id)
  const message = await read(id)
  const preview = {
    url: 'https://a.example/1',
    title: 'https://a.example/1',
    image: { source: 'https://a.example/1.png' },
  }
  expect(message.links.map((link: { preview?: unknown }) => link.preview)).toEqual([
    preview,
    undefined,
    preview,
  ])
  expect(message.lastEditedTime).toBeUndefined()
  expect(asked, 'each page once').toEqual(['https://a.example/1', 'https://a.example/nothing'])
  expect(await updatesOf(id)).toEqual([{ channelId, payload: { messageId: id } }])
})

it('no more than three pages are fetched', async () => {
  const body = [1, 2, 3, 4].map((n) => `https://a.example/${n}`).join(' ')
  const { id } = await sendMessage(server.main, channelId, { body })
  const { asked, pages } = web()
  await addLinkPreviews(server.ctx, pages, id)
  expect(asked).toHaveLength(3)
})

it('nothing is published where no preview is found, or nothing is linked to', async () => {
  for (const body of ['https://a.example/nothing', 'Hello']) {
    const { id } = await sendMessage(server.main, channelId, { body })
    await addLinkPreviews(server.ctx, web().pages, id)
    expect(await updatesOf(id)).toEqual([])
  }
})

it('a message that was edited meanwhile is left alone, and one that was deleted stays deleted', async () => {
  const { id } = await sendMessage(server.main, channelId, { body: 'https://a.example/1' })
  const edit = () => server.main.patch(`/messages/${id}`, { body: 'see https://a.example/2' }).expect(200)
  await addLinkPreviews(server.ctx, web(edit).pages, id)
  expect((await read(id)).links).toMatchObject([{ source: 'https://a.example/2', startPosition: 4 }])
  expect((await read(id)).links[0].preview).toBeUndefined()
  await addLinkPreviews(server.ctx, web(() => server.main.delete(`/messages/${id}`).expect(200)).pages, id)
  await addLinkPreviews(server.ctx, web().pages, id)
  await server.main.get(`/messages/${id}`).expect(404)
})
