// Each generation of the chat client in real pages of another site. These tests cover what test/conformance cannot: a
// browser's own sockets, requests, origins and files.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FileMessage, Message } from '@chatkitty/core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClientClass } from '../conformance/generations/client.ts'
import { bundle } from '../conformance/generations/page.ts'
import { clients } from '../conformance/generations/table.ts'
import { environmentOf, uniqueName } from '../conformance/realtime.ts'
import { createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { executablePath, shareBrowser } from './chromium.ts'

let server: TestServer
let site: Server
let page: Page
let codes: Map<string, string>
beforeAll(async () => {
  if (!executablePath) return
  ;[server, codes] = await Promise.all([shareServer(), bundle(clients.map((client) => client.package))])
  site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>An app</title>')
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  page = await (await shareBrowser()).newPage()
})
afterAll(async () => {
  await page?.close()
  site?.close()
  await server?.close()
})

/** Reloads the page with the given client. */
async function open(code: string): Promise<void> {
  await page.goto(`http://localhost:${(site.address() as AddressInfo).port}/`) // the server is 127.0.0.1: another site
  await page.addScriptTag({
    content: `{ const module = { exports: {} }; ((module, exports) => {${code}\n})(module, module.exports);
      window.ChatKitty = module.exports.default ?? module.exports.ChatKitty }`,
  })
}

interface Story extends Record<'ann' | 'ben' | 'room', string> {
  options: ConstructorParameters<ClientClass>[0]
}

/** Runs in the page: ann sends messages to a channel that she shares with ben, and ben reads them. */
async function chat({ options, ann, ben, room }: Story): Promise<{ sent: unknown; read: string }> {
  const { ChatKitty } = globalThis as unknown as { ChatKitty: ClientClass }
  const checked = async <Result extends { succeeded: boolean }>(answer: Promise<Result>) => {
    const result = await answer
    if (!result.succeeded) throw new Error(JSON.stringify(result))
    return result as Extract<Result, { succeeded: true }>
  }
  const enter = async (username: string) => {
    const client = new ChatKitty(options)
    await checked(client.startSession({ username }))
    return client
  }
  const [writer, reader] = await Promise.all([enter(ann), enter(ben)])
  const members = [{ username: ben }]
  const { channel } = await checked(writer.createChannel({ type: 'PUBLIC', name: room, members }))
  writer.startChatSession({ channel, onReceivedMessage() {}, onMessageReceived() {} })
  const text = await checked(writer.sendMessage({ channel, body: 'from a page' }))
  const received = new Promise<FileMessage>((resolve) => {
    const read = (message: Message) => 'file' in message && resolve(message)
    reader.startChatSession({ channel, onReceivedMessage: read, onMessageReceived: read })
  })
  const upload = async () => {
    const file = new File(['text of a file'], 'ä b.txt', { type: 'text/plain' })
    return (await checked(writer.sendMessage({ channel, file }))).message
  }
  const sent = [text.message, await upload()]
  const again = setInterval(upload, 2_000) // until the reader has subscribed
  const { file } = await received
  clearInterval(again)
  const read = await (await fetch(file.url)).text()
  for (const client of [writer, reader]) await client.endSession()
  return JSON.parse(JSON.stringify({ sent, read }))
}

describe.skipIf(!executablePath)('in pages of another site', () => {
  it.each(clients)('$name logs in, sends texts and files, receives, and logs out', async (client) => {
    await open(codes.get(client.package) ?? '')
    const [ann, ben] = [uniqueName('ann'), uniqueName('ben')]
    for (const name of [ann, ben]) await createUser(server.main, { name, displayName: name })
    const { host, secure } = environmentOf(server)
    const options = { apiKey: server.main.apiKey, host, isSecure: secure }
    const { sent, read } = await page.evaluate(chat, { options, ann, ben, room: uniqueName('den') })
    expect(sent).toMatchObject([
      { type: 'TEXT', body: 'from a page' },
      { type: 'FILE', file: { name: 'ä b.txt', size: 14 } },
    ])
    expect(read).toBe('text of a file')
  })
})
