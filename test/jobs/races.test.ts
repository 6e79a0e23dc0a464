// A message or channel may be deleted before background work processes it. This is not an error.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { symbols } from 'pino'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { openPreviews } from '#previews/previews.ts'
import { messageHypermedia } from '#resources/message.ts'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import { createChannel, createUser, sendMessage, several } from '../support/factories.ts'
import { deploy } from '../support/functions.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
/** The log lines of the server at the level error. */
const logged: string[] = []
/** The server of a page that messages link to. It responds once `mayAnswer` is resolved. */
const pages = createServer(async (_request, response) => {
  await mayAnswer.promise
  response.writeHead(200, { 'content-type': 'text/html' }).end('<title>A page</title>')
})
let mayAnswer = Promise.withResolvers<void>()
let pageUrl: string

beforeAll(async () => {
  server = await startServer({ LOG_LEVEL: 'error' })
  server.ctx.previews = openPreviews({ allowPrivate: true })
  const stream = Reflect.get(server.ctx.log, symbols.streamSym) as { write(line: string): void }
  vi.spyOn(stream, 'write').mockImplementation((line) => void logged.push(line))
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
  pageUrl = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
})
afterAll(async () => {
  await server.close()
  pages.close()
  vi.restoreAllMocks()
})
afterEach(() => {
  logged.length = 0
})

const sql = (text: string) => server.ctx.db.pool.query(text)

/** Waits until all work caused by the previous events is done. */
async function settled(): Promise<void> {
  await server.ctx.settled()
  const left = () =>
    sql(`select (select count(*) from outbox_event) + (select count(*) from notification_task)
      + (select count(*) from function_run) as left`)
  await expect.poll(async () => Number((await left()).rows[0].left)).toBe(0)
}

it('a channel deleted right after sends, with members, functions and previews, logs no error', async () => {
  const { main } = server
  const users = await several(4, () => createUser(main))
  for (const type of ['user.sent.message', 'user.received.notification', 'user.reacted_to.message']) {
    await deploy(main, type, 'function handleEvent() {}')
  }
  const listener = await StompClient.connect(
    Number(new URL(server.url).port),
    { 'StompX-User': users[0].name },
    `/rtm/websocket?api-key=${main.apiKey}`,
  )
  for (let round = 0; round < 5; round += 1) {
    mayAnswer = Promise.withResolvers()
    const members = users.map(({ id }) => ({ id }))
    const channel = await createChannel(main, { type: 'PRIVATE', members })
    const send = (nth: number) =>
      sendMessage(main, channel.id, {
        body: `Look: ${pageUrl}/${round}/${nth}`,
        user: { id: users[nth % 4]?.id },
      })
    const sent = await several(8, send)
    const destination = messageHypermedia.actions.react.at({ id: sent[0].id })
    listener.send(frame('SEND', { destination, receipt: `r${round}` }, '{"emoji":"+1"}'))
    await Promise.all([
      main.delete(`/messages/${sent[1].id}`).expect((answer) => [200, 404].includes(answer.status)),
      main.delete(`/channels/${channel.id}`).expect(200),
    ])
    mayAnswer.resolve()
    await settled()
  }
  listener.ws.close()
  expect(logged).toEqual([])
})

it.each([
  ['an event asks for', 'function_run'],
  ['a run is recorded for', 'function_invocation'],
  ['members are notified of', 'notification'],
])('what %s and is deleted meanwhile is skipped without an error', async (_, table) => {
  const main = await server.createApplication()
  const [jane, john] = [await createUser(main), await createUser(main)]
  await deploy(main, 'user.sent.message', 'function handleEvent() {}')
  const channel = await createChannel(main, { members: [{ id: jane.id }, { id: john.id }] })
  await settled()
  await sql(`
    create function gone() returns trigger language plpgsql as
      $$ begin raise exception 'is gone' using errcode = 'foreign_key_violation'; end $$;
    create trigger gone before insert on ${table} execute function gone()`)
  try {
    await sendMessage(main, channel.id, { user: { id: jane.id } })
    await settled()
  } finally {
    await sql('drop function gone cascade')
  }
  expect(logged).toEqual([])
})
