// The chat of GET /chat when it is not loaded by the current loadChatUi: in pages of another site, in web views of
// apps, and with the handshake of @chatkitty/ui.

import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Dialog, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { patienceMs } from '../support/patience.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { executablePath, shareBrowser } from './chromium.ts'

/** A page of another site that uses the handshake of @chatkitty/ui 1.2.2. */
const oldPage = (chat: string) => `<!doctype html><body><script>
  window.posted = []
  const frame = document.createElement('iframe')
  frame.title = 'Chat UI'
  frame.src = '${chat}/chat?widget_id=hosted-widget'
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }) => {
    if (data.type.startsWith('chat')) window.posted.push(data.type)
    if (data.type !== 'chat-ui:connected') return
    const { username, channel } = Object.fromEntries(new URLSearchParams(location.search))
    const options = { username, route: { name: 'event', event: channel }, profile: { displayName: 'Old friend', displayPicture: 'https://example.com/friend.png' } }
    port1.postMessage({ type: 'chat:initialize', payload: { options } })
  }
  addEventListener('message', ({ data }) => {
    if (data === 'chatkitty:chat-ui-mounted') frame.contentWindow.postMessage('connect', '*', [port2])
  })
  document.body.append(frame)
</script></body>`

let server: TestServer
let site: Server
let page: Page
let bob: UserDocument

beforeAll(async () => {
  if (!executablePath) return
  server = await shareServer()
  bob = await createUser(server.main, { displayName: 'Bob the builder' })
  site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(oldPage(server.url))
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  page = await (await shareBrowser()).newPage()
})
afterAll(async () => {
  await page?.close()
  site?.close()
  await server?.close()
})
afterEach(() => page?.goto('about:blank'))

const posted = () => page.evaluate('window.posted')

describe.skipIf(!executablePath)('the chat', () => {
  it('sends a file from disk when it is embedded in a page of another site by the handshake of @chatkitty/ui', async () => {
    const { port } = site.address() as AddressInfo
    await page.goto(`http://localhost:${port}/?username=old&channel=launch`) // the server is 127.0.0.1: another site
    const frame = page.frameLocator('iframe[title="Chat UI"]')
    const folder = await mkdtemp(join(tmpdir(), 'chatterie-file-'))
    await writeFile(join(folder, 'notes.txt'), 'from the disk')
    await frame.getByLabel('Send a file').setInputFiles(join(folder, 'notes.txt'))
    await frame.getByRole('link', { name: 'notes.txt' }).waitFor()
    const { body: channels } = await server.main.get('/channels?name=launch').expect(200)
    const channel = channels._embedded.channels.find(({ name }: { name: string }) => name === 'launch')
    const { body } = await server.main.get(`/channels/${channel.id}/messages`).expect(200)
    const [sent] = body._embedded.messages
    expect(sent).toMatchObject({ file: { name: 'notes.txt', size: 13 }, user: { displayName: 'Old friend' } })
    expect(sent.user.displayPictureUrl).toBe('https://example.com/friend.png')
    await frame.locator('.heading').click()
    await expect
      .poll(posted)
      .toEqual(expect.arrayContaining(['chat:mounted', 'chat:channel-details-selected']))
  })

  it('shows the display names of users and channels that a message mentions', async () => {
    const channel = await createChannel(server.main, { type: 'PUBLIC', name: 'den', displayName: 'The den' })
    await sendMessage(server.main, channel.id, {
      user: { id: bob.id },
      body: `Hi <@${bob.name}>, see <#den>!`,
    })
    await openInApp('standalone', 'reader', { name: 'channel', channel: 'den' })
    await page.getByRole('log').getByText('Hi @Bob the builder, see #The den!').waitFor()
  })

  it('exchanges messages with the app around it when it is a page of its own', async () => {
    await createChannel(server.main, { type: 'PUBLIC', name: 'mobile' })
    await openInApp('standalone', 'phone', { name: 'channel', channel: 'mobile' })
    await page.getByRole('textbox', { name: 'Type a message' }).fill('From a phone')
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText('From a phone').waitFor()
    await page.locator('.heading').click()
    await expect.poll(posted).toEqual(['onChatUiConnected', 'onChatMounted', 'onChatHeaderSelected'])
  })

  it('applies the style overrides of the application, and follows when they change', async () => {
    const put = (overrides: object) =>
      server.main.put('/application/ui/styles', { settings: { overrides } }).expect(200)
    await createChannel(server.main, { type: 'PUBLIC', name: 'styled' })
    await put({
      header: { 'background-color': 'rgb(1, 2, 3)', channel: { name: { color: 'rgb(4, 5, 6)' } } },
    })
    await openInApp('standalone', 'painter', { name: 'channel', channel: 'styled' })
    const looks = (selector: string, property: string) =>
      page.evaluate(`getComputedStyle(document.querySelector('${selector}')).getPropertyValue('${property}')`)
    await page.locator('.heading').waitFor()
    expect(await looks('.conversation > header', 'background-color')).toBe('rgb(1, 2, 3)')
    expect(await looks('.heading > .title', 'color')).toBe('rgb(4, 5, 6)')
    await put({
      header: { 'background-color': 'red } .composer { display: none' },
      content: { 'background-color': 'rgb(7, 8, 9)' },
    })
    await expect.poll(() => looks('.conversation', 'background-color')).toBe('rgb(7, 8, 9)')
    expect(await looks('.conversation > header', 'background-color')).not.toBe('rgb(1, 2, 3)')
    expect(await page.locator('.composer').isVisible(), 'a value is no rule').toBe(true)
  })

  it('renders messages by a template of the application, which escapes what users write', async () => {
    const put = (template: string) =>
      server.main
        .put('/application/ui/elements', {
          settings: { message: { template, classMaps: { who: { mine: 'isMine', shown: 'user.id' } } } },
        })
        .expect(200)
    const channel = await createChannel(server.main, { type: 'PUBLIC', name: 'templates' })
    const user = await createUser(server.main, { displayName: '<b>Jane</b>' })
    await server.main.post(`/channels/${channel.id}/members`, { username: user.name }).expect(200)
    await sendMessage(server.main, channel.id, {
      user: { id: user.id },
      body: '<img src=x onerror=alert(1)> javascript:alert(2)',
    })
    await put(
      '<i class="{{who}}" onclick="alert(3)" title="{{text}}">{{user.displayName}}: {{text}}</i><script>1</script>',
    )
    const dialogs: string[] = []
    const note = (dialog: Dialog) => dialogs.push(dialog.message())
    page.on('dialog', note)
    await openInApp('standalone', 'designer', { name: 'channel', channel: 'templates' })
    const shown = page.locator('.bubble i')
    await shown.waitFor()
    expect(await shown.innerText()).toBe('<b>Jane</b>: <img src=x onerror=alert(1)> javascript:alert(2)')
    expect(await shown.getAttribute('class')).toBe('shown')
    expect(await shown.getAttribute('onclick')).toBeNull()
    await put('<a href="{{text}}" class="link">{{time}}</a>')
    await page.locator('.bubble a.link').waitFor()
    expect(await page.locator('.bubble a.link').getAttribute('href'), 'no page').toBeNull()
    await server.main.put('/application/ui/elements', { settings: {} }).expect(200)
    await page.locator('.bubble > p').waitFor()
    expect(dialogs).toEqual([])
    page.off('dialog', note)
  })

  it('asks the app for resources over the connection of the app, and receives them in base64', async () => {
    await openInApp('shared', 'phone')
    await expect.poll(posted).toEqual(['onChatUiConnected', 'stompx:connect'])
    const me = {
      id: 1,
      name: 'ünal',
      displayName: 'Ünal',
      _relays: { channels: '/relay' },
      _topics: { channels: '/c', self: '/s', contacts: '/k' },
      _actions: {},
      _streams: {},
    }
    await answer({ type: 'stompx:connect.success', payload: { user: me, write: 'w', read: 'r' } })
    await expect.poll(posted).toContain('stompx:resource.relay')
    const asked = (await page.evaluate('window.asked')) as {
      type: string
      id: string
      payload: { destination: string }
    }[]
    const relays = asked.filter(({ type }) => type === 'stompx:resource.relay')
    expect(relays.map(({ payload }) => payload.destination)).toEqual(['/relay'])
    const channel = {
      id: 7,
      type: 'PUBLIC',
      name: 'çay',
      displayName: 'Çay',
      createdTime: '2026-01-01T00:00:00.000Z',
      _relays: {},
      _topics: {},
      _actions: {},
      _streams: {},
    }
    for (const { id } of relays) {
      const resource = { _embedded: { channels: [channel] }, _relays: {} }
      await answer({ id, type: 'stompx:relay.success', payload: { resource } })
    }
    await page.getByRole('button', { name: 'Çay' }).waitFor()
    await expect.poll(posted).toContain('onChatMounted')
  })
})

/** Opens the chat like a web view of ChatKitty's libraries, which set `$flex` once the page has loaded. */
async function openInApp(connection: string, username: string, route?: object): Promise<void> {
  page.setDefaultTimeout(patienceMs)
  await page.goto(`${server.url}/chat?widget_id=${server.main.apiKey}`)
  await page.waitForFunction('window.onFlexLoad')
  await page.evaluate(
    ([options]) => {
      const scope = globalThis as unknown as Record<string, unknown>
      const posted: string[] = []
      const asked: unknown[] = []
      const flex: Record<string, unknown> = { web: {} }
      for (const name of [
        'onChatMounted',
        'onChatHeaderSelected',
        'onChatMenuActionSelected',
        'onChatNotificationReceived',
      ])
        flex[name] = async () => posted.push(name)
      flex.onChatUiConnected = async () => {
        posted.push('onChatUiConnected')
        ;(flex.web as { initialize(options: unknown): void }).initialize(options)
      }
      flex.postMessage = async (message: { type: string }) => {
        posted.push(message.type)
        asked.push(message)
      }
      Object.assign(scope, { posted, asked, $flex: flex })
      ;(scope.onFlexLoad as () => void)()
    },
    [{ username, route, clientSpecification: { connection } }] as const,
  )
}

function answer(message: object): Promise<unknown> {
  const encoded = Buffer.from(JSON.stringify(message)).toString('base64')
  return page.evaluate(`$flex.web.onMessage(${JSON.stringify(encoded)})`)
}
