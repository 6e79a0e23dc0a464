// The chat that loadChatUi of the unmodified official client shows in a page of another origin, in a real browser.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { FrameLocator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { mustBeCoveredHere, note } from '../conformance/realtime-coverage.ts'
import type { ChannelDocument, UserDocument } from '../support/documents.ts'
import { createChannel, createUser, sendMessage, several } from '../support/factories.ts'
import { patienceMs } from '../support/patience.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { executablePath, shareBrowser } from './chromium.ts'

/** The script of an integrator's page; each test decides how the chat is loaded. */
const pageScript = `
  import { connectApi, loadChatUi } from '@chatkitty/core'
  const delivered = []
  window.delivered = delivered
  window.connect = async (options) => { window.connection = await connectApi(options) }
  window.load = async (ui, options) => {
    const components = { chat: ({ locale }) => ({
      menuActions: [{ name: 'archive', title: 'Archive it' }],
      onMounted: ({ styles }) => delivered.push(['mounted', styles['base-theme']]),
      onHeaderSelected: (channel) => delivered.push(['header', channel.name]),
      onMenuActionSelected: ({ name, channel }) => delivered.push([name, channel.name]),
    }) }
    const localization = () => ({ 'chat:type_message': 'Say something' })
    const connection = options.isShared ? window.connection : undefined
    window.ui = await loadChatUi({ ...ui, components, localization }, { ...options, connection })
  }`

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const withBrowser = describe.skipIf(!executablePath)

let server: TestServer
let integrator: Server
let page: Page
let frame: FrameLocator
const complaints: string[] = []

beforeAll(async () => {
  if (!executablePath) return
  server = await shareServer()
  integrator = await serveIntegrator()
  page = await (await shareBrowser()).newPage()
  page.setDefaultTimeout(patienceMs)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('favicon')) complaints.push(message.text())
  })
})
afterAll(async () => {
  await page?.close()
  integrator?.close()
  await server?.close()
})
afterEach(async () => {
  await page?.goto('about:blank')
  expect(complaints.splice(0)).toEqual([])
})

async function serveIntegrator(): Promise<Server> {
  const { outputFiles } = await build({
    stdin: { contents: pageScript, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  })
  const html = `<!doctype html><title>An app</title><body style="margin:0"><div id="chat-ui"></div>
    <script type="module" src="/app.js"></script></body>`
  const listening = createServer((request, response) => {
    const isScript = request.url === '/app.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? outputFiles[0]?.text : html)
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return listening
}

/** Loads a page of another origin in a viewport of the given size. */
async function openPage(width = 900, height = 600): Promise<void> {
  await page.setViewportSize({ width, height })
  await page.goto(`http://localhost:${(integrator.address() as AddressInfo).port}`)
  await page.waitForFunction('window.load')
  frame = page.frameLocator('iframe[title="Chat UI"]')
}

const environment = () => ({ origin: server.url, host: new URL(server.url).host, secure: false })

/** Calls a function that the page's script has set on `window`. */
function call(name: string, ...args: unknown[]): Promise<unknown> {
  return page.evaluate(([name, args]) => Reflect.get(globalThis, name as string)(...(args as [])), [
    name,
    args,
  ] as const)
}

const delivered = () => page.evaluate('window.delivered')

/** Loads the chat for a user. It uses the page's connection if `isShared`, otherwise its own. */
async function load(username: string, isShared: boolean, ui: object = {}): Promise<void> {
  const $environment = environment()
  if (isShared) await call('connect', { apiKey: server.main.apiKey, username, $environment })
  const options = { isShared, $environment: { origin: $environment.origin } }
  await call('load', { widgetId: server.main.apiKey, username, ...ui }, options)
}

const message = (text: string) => frame.getByRole('log').getByRole('listitem').filter({ hasText: text })
const composer = () => frame.getByRole('textbox', { name: /Say something|Type a message/ })

async function say(text: string): Promise<void> {
  await composer().fill(text)
  await composer().press('Enter')
  await message(text).waitFor()
}

withBrowser.each([
  ['on the connection of the page', true],
  ['on a connection of its own', false],
])('the chat in a frame, %s', (_, isShared) => {
  const name = isShared ? 'shared' : 'alone'
  let ann: UserDocument
  let bob: UserDocument
  let channel: ChannelDocument

  beforeAll(async () => {
    ;[ann, bob] = [await createUser(server.main), await createUser(server.main, { displayName: 'Bob' })]
    const members = [{ id: ann.id }, { id: bob.id }]
    channel = await createChannel(server.main, { type: 'PUBLIC', name: `room ${name}`, members })
    await sendMessage(server.main, channel.id, { user: { id: bob.id }, body: 'Is anybody there?' })
  })

  it('two users chat, and each sees at once what the other does', async () => {
    await openPage()
    await load(ann.name, isShared)
    note('loadChatUi')
    await frame.getByRole('button', { name: `room ${name}` }).click()
    await message('Is anybody there?').waitFor()
    await say('Here I am <b>!</b>')
    expect(await frame.locator('.messages b').count(), 'text stays text').toBe(0)
    const { body } = await server.main.get(`/channels/${channel.id}/messages`).expect(200)
    const [sent] = body._embedded.messages
    expect(sent).toMatchObject({ body: 'Here I am <b>!</b>', user: { id: ann.id } })

    const answer = await sendMessage(server.main, channel.id, {
      user: { id: bob.id },
      body: 'Good to see you',
    })
    await message('Good to see you').waitFor()
    await message('Good to see you').hover()
    await message('Good to see you').getByRole('button', { name: 'React with heart' }).click()
    await message('Good to see you').getByRole('button', { name: '❤️ 1' }).waitFor()
    await message('Good to see you').getByRole('button', { name: 'Reply' }).click()
    await say('You too')
    await message('You too').getByText('Bob: Good to see you').waitFor()
    await server.main.delete(`/messages/${answer.id}`).expect(200)
    await message('Good to see you').filter({ hasNotText: 'You too' }).waitFor({ state: 'detached' })
  })

  it('sends files, and shows them', async () => {
    await openPage()
    await load(ann.name, isShared, { route: { name: 'channel', channel: channel.name } })
    const file = { name: 'dot.png', mimeType: 'image/png', buffer: png }
    await frame.getByLabel('Send a file').setInputFiles(file)
    const picture = frame.getByRole('img', { name: 'dot.png' })
    await picture.waitFor()
    await expect.poll(() => picture.evaluate((image) => Reflect.get(image, 'naturalWidth'))).toBe(1)
  })

  it('shows files of other servers without telling those servers who looks', async () => {
    const asked: { url: string | undefined; referer: string | undefined }[] = []
    const stranger = createServer(({ url, headers }, response) => {
      asked.push({ url, referer: headers.referer })
      response.setHeader('content-type', 'image/png').end(png)
    })
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const { port } = stranger.address() as AddressInfo
    const path = '/v1/files/0f8fad5b-d9cb-469f-a165-70867728950e/far.png'
    const file = {
      url: `http://127.0.0.1:${port}${path}`,
      name: 'far.png',
      contentType: 'image/png',
      size: 1,
    }
    const { body } = await server.main
      .post(`/channels/${channel.id}/messages`, { type: 'FILE', file, user: { id: bob.id } })
      .expect(200)
    await openPage()
    await load(ann.name, isShared, { route: { name: 'channel', channel: channel.name } })
    const picture = frame.getByRole('img', { name: 'far.png' }).last()
    await picture.waitFor()
    await expect.poll(() => picture.evaluate((image) => Reflect.get(image, 'naturalWidth'))).toBe(1)
    await server.main.delete(`/messages/${body.id}`).expect(200)
    stranger.closeAllConnections()
    stranger.close()
    expect(asked).toContainEqual({ url: path, referer: undefined })
    expect(asked.filter(({ url, referer }) => url !== path || referer !== undefined)).toEqual([])
  })

  it('reports to the page what is selected, follows the commands of the page, and unmounts when the page asks for it', async () => {
    await openPage()
    await load(ann.name, isShared, { theme: 'dark', route: { name: 'channel', channel: channel.name } })
    await frame.getByPlaceholder('Say something').waitFor()
    await frame.getByRole('button', { name: 'Archive it' }).click()
    await frame.locator('.heading').click()
    await expect.poll(delivered).toEqual([
      ['mounted', 'dark'],
      ['archive', channel.name],
      ['header', channel.name],
    ])
    await page.evaluate('window.ui.unmount()')
    expect(await page.locator('iframe').count()).toBe(0)
  })

  it('opens a direct channel with another user, and shows one pane at a time on narrow screens', async () => {
    await openPage(360, 640)
    await load(ann.name, isShared, { route: { name: 'direct-messages', users: [bob.name] } })
    await say('Just the two of us')
    expect(await frame.getByRole('navigation').isVisible()).toBe(false)
    await frame.getByRole('button', { name: 'Back to the channels' }).click()
    await frame.getByRole('button', { name: 'Bob' }).waitFor()
    expect(await composer().count()).toBe(0)
  })
})

withBrowser('the chat in a frame', () => {
  it('offers what the settings of the application allow, and follows when they change', async () => {
    const put = (message: object) =>
      server.main.put('/application/ui/features', { settings: { message } }).expect(200)
    await put({ reactions: 'disabled' })
    const channel = await createChannel(server.main, { type: 'PUBLIC', name: 'calm' })
    const user = await createUser(server.main)
    await sendMessage(server.main, channel.id, { user: { id: user.id }, body: 'No hearts here' })
    await openPage()
    await load('carl', false, { route: { name: 'channel', channel: 'calm' } })
    await message('No hearts here').hover()
    expect(await frame.getByRole('button', { name: 'React with heart' }).count()).toBe(0)
    await put({ reactions: 'enabled' })
    await message('No hearts here').getByRole('button', { name: 'React with heart' }).waitFor()
  })

  it('is only in the last of several channels that are opened in a hurry, and the others stay unread', async () => {
    const user = await createUser(server.main)
    const [left, kept] = await several(2, (at) =>
      createChannel(server.main, { name: `hurry ${at}`, members: [{ id: user.id }] }),
    )
    await sendMessage(server.main, left.id)
    await openPage()
    await load(user.name, false)
    const button = frame.getByRole('button', { name: 'hurry 0' })
    await button.getByLabel('unread').waitFor()
    await frame.locator('body').evaluate((body) => {
      for (const name of ['hurry 0', 'hurry 1']) {
        const buttons = [...body.querySelectorAll('button')]
        buttons.find(({ textContent }) => textContent.includes(name))?.click()
      }
    })
    const chats = ({ id }: ChannelDocument) =>
      server.ctx.db.prisma.chatSession.findMany({ where: { channelId: id }, select: { state: true } })
    await expect.poll(() => chats(kept)).toEqual([{ state: 'ACTIVE' }])
    await expect.poll(() => chats(left)).toEqual([{ state: 'ENDED' }])
    await button.getByLabel('unread').waitFor()
    expect(await server.ctx.db.prisma.readSpan.count({ where: { userId: user.id } })).toBe(0)
  })

  it('explains the error where the application does not exist', async () => {
    await server.createApplication() // if there were only one, it would be the default
    await openPage()
    await call(
      'load',
      { widgetId: '00000000-0000-4000-8000-000000000000', username: 'jane' },
      { $environment: { origin: server.url } },
    )
    await frame.getByRole('alert').filter({ hasText: 'no application with this API key' }).waitFor()
    complaints.splice(0) // the official client also logs the error to the console
  })

  it('is covered as COVERAGE.md says', () => mustBeCoveredHere())
})

/** The path of the screenshot, which is only taken on request. */
const picture = process.env.UPDATE_SCREENSHOT
  ? fileURLToPath(new URL('../../docs/chat-ui.png', import.meta.url))
  : undefined

it.runIf(executablePath && picture)('takes the screenshots of the docs', async () => {
  const grace = await createUser(server.main, { name: 'grace', displayName: 'Grace Hopper' })
  const ada = await createUser(server.main, { name: 'ada', displayName: 'Ada Lovelace' })
  const members = [{ id: ada.id }, { id: grace.id }]
  const channel = await createChannel(server.main, {
    type: 'PUBLIC',
    name: 'engines',
    displayName: 'Engines',
    members,
  })
  await createChannel(server.main, { type: 'PUBLIC', name: 'lunch', displayName: 'Lunch', members })
  const talk = (user: { id: number }, body: string) =>
    sendMessage(server.main, channel.id, { user: { id: user.id }, body })
  await talk(grace, 'Did the nightly build finish?')
  await talk(ada, 'All green. Notes are at https://example.com/notes')
  const last = await talk(grace, 'Lovely. Shall we ship it?')
  await openPage(960, 560)
  await load('ada', false, { route: { name: 'channel', channel: 'engines' } })
  await message(last.body).hover()
  await message(last.body).getByRole('button', { name: 'React with tada' }).click()
  await message(last.body).getByRole('button', { name: '🎉 1' }).waitFor()
  await say('Shipping. The frame you see is served by our own Chatterie.')
  await page.screenshot({ ...(picture && { path: picture }) })
})
