// The home page in a real browser, where the two users of the demo use the official client.
import { fileURLToPath } from 'node:url'
import { chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { patienceMs } from '../support/patience.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { executablePath, shareBrowser } from './chromium.ts'

describe.skipIf(!executablePath)('the page in a browser', () => {
  let server: TestServer
  let page: Page
  let ada: Screen
  let grace: Screen
  /** Errors in the page, and requests to other origins. */
  const complaints: string[] = []

  beforeAll(async () => {
    server = await startServer({ DEMO_PAGE: 'on' })
    page = await (await shareBrowser()).newPage({
      viewport: { width: 1280, height: 800 },
      deviceScaleFactor: 1,
    })
    page.setDefaultTimeout(patienceMs)
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== server.url) complaints.push(`asked ${request.url()}`)
    })
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(server.url).host) complaints.push(`asked ${socket.url()}`)
    })
    ada = new Screen(page, 'ada')
    grace = new Screen(page, 'grace')
  })
  afterAll(async () => {
    await page?.close()
    await server?.close()
  })

  it('shows that the server is running', async () => {
    await page.goto(server.url)
    await page.getByText('Up and running').waitFor()
    expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(true)
  })

  it('lets two users meet, each with a connection of their own', async () => {
    await page.getByRole('button', { name: 'Start the chat' }).click()
    await ada.element.getByText('grace is online').waitFor()
    await grace.element.getByText('ada is online').waitFor()
    const { body } = await server.main.get('/users').expect(200)
    const users: { name: string; isGuest: boolean }[] = body._embedded.users
    expect(users.map(({ name, isGuest }) => [name, isGuest]).toSorted()).toEqual([
      ['ada', true],
      ['grace', true],
    ])
  })

  it('shows the other user as typing while they type', async () => {
    await ada.input.pressSequentially('Hello Grace, is this')
    await grace.element.getByText('ada is typing').waitFor()
    expect(await ada.element.getByText('is typing').count()).toBe(0)
  })

  it('delivers a message to the other user, and counts it as unread until they look at it', async () => {
    await ada.input.fill('Hello Grace, is this our own server?')
    await ada.input.press('Enter')
    await grace.message('Hello Grace, is this our own server?').waitFor()
    await grace.element.getByText('1 unread').waitFor()
    await grace.element.getByText('ada is typing').waitFor({ state: 'detached' })
    expect(await ada.message('Hello Grace, is this our own server?').getAttribute('data-from')).toBe('me')
    expect(await ada.input.inputValue()).toBe('')
    expect(await ada.element.getByText('unread').isVisible()).toBe(false)
    await grace.input.focus()
    await grace.element.getByText('1 unread').waitFor({ state: 'hidden' })
    await expect
      .poll(() => ada.message('Hello Grace, is this our own server?').getAttribute('data-seen'))
      .toBe('true')
  })

  it('shows a reaction to both users until it is removed', async () => {
    await ada.say('It even has read receipts.')
    await grace.message('It even has read receipts.').hover()
    await grace.message('It even has read receipts.').getByRole('button').click()
    await ada.message('It even has read receipts.').getByLabel('Loved by grace').waitFor()
    await grace.message('It even has read receipts.').getByLabel('Loved by grace').click()
    await ada.message('It even has read receipts.').getByLabel('Love this message').waitFor()
  })

  it('shows messages as text, not as markup', async () => {
    await grace.say('<img src=x onerror=alert(1)> & <b>bold</b>')
    await ada.message('<img src=x onerror=alert(1)> & <b>bold</b>').waitFor()
    expect(await page.locator('.messages :is(img, b)').count()).toBe(0)
  })

  it('shows who left, and shows those who return what was said meanwhile', async () => {
    await grace.element.getByRole('button', { name: 'Leave' }).click()
    await ada.element.getByText('grace is offline').waitFor()
    await ada.say('Grace? Are you there?')
    expect(await grace.message('Grace? Are you there?').count()).toBe(0)
    await grace.element.getByRole('button', { name: 'Reconnect' }).click()
    await grace.message('Grace? Are you there?').waitFor()
    await grace.element.getByText('1 unread').waitFor()
    await ada.element.getByText('grace is online').waitFor()
  })

  it('still shows the chat after a reload', async () => {
    await page.reload()
    await ada.message('Grace? Are you there?').waitFor()
    await grace.message('Hello Grace, is this our own server?').waitFor()
    await ada.element.getByText('grace is online').waitFor()
  })

  it('explains why the demo is not available', async () => {
    await letGuestsIn('DISABLED')
    const { body } = await server.main.get('/users').expect(200)
    for (const { id } of body._embedded.users) await server.main.delete(`/users/${id}`)
    await page.reload()
    await page.getByRole('alert').filter({ hasText: 'does not allow guests' }).waitFor()
    expect(await page.getByRole('button', { name: 'Start the chat' }).isEnabled()).toBe(true)
    await letGuestsIn('ENABLED')
  })

  async function letGuestsIn(guestUsers: 'ENABLED' | 'DISABLED'): Promise<void> {
    const settings = { guestUsers, userCreatedChannels: 'ENABLED' }
    await server.main.put('/application/settings', settings).expect(200)
  }

  it('logs no error and sends no request to another server while it does so', () => {
    expect(complaints).toEqual([])
  })
})

/** The path of the screenshot, which is only taken on request. */
const picture = process.env.UPDATE_SCREENSHOT
  ? fileURLToPath(new URL('../../docs/home.png', import.meta.url))
  : undefined

it.runIf(executablePath && picture)('takes the screenshots of the docs', async () => {
  const server = await startServer({ DEMO_PAGE: 'on' })
  const { host } = new URL(server.url)
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ['--no-sandbox', `--host-resolver-rules=MAP localhost:9001 ${host}`],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1070 }, deviceScaleFactor: 1.5 })
    await page.goto('http://localhost:9001')
    await page.getByRole('button', { name: 'Start the chat' }).click()
    const ada = new Screen(page, 'ada')
    const grace = new Screen(page, 'grace')
    await ada.say('Hi Grace! Is this really our own server?')
    await grace.say('It is. Same client, same calls, another base URL.')
    await ada.say('And a message takes …')
    await grace.say('… about as long as it took you to blink.')
    await grace.message('our own server').getByRole('button').click()
    await ada.element.getByLabel('Loved by grace').waitFor()
    await ada.input.pressSequentially('Then let us move')
    await grace.element.getByText('ada is typing').waitFor()
    await expect.poll(() => ada.element.locator('[data-seen]').count()).toBe(1)
    await ada.element.getByText('is typing').waitFor({ state: 'detached' })
    await page.screenshot({ ...(picture && { path: picture }) })
  } finally {
    await browser.close()
    await server.close()
  }
})

/** The part of the page that one of the users sees. */
class Screen {
  readonly element: Locator
  readonly input: Locator

  constructor(page: Page, username: string) {
    this.element = page.locator(`.pane[data-username="${username}"]`)
    this.input = this.element.getByRole('textbox')
  }

  message(text: string): Locator {
    return this.element.getByRole('listitem').filter({ hasText: text })
  }

  async say(text: string): Promise<void> {
    await this.input.fill(text)
    await this.input.press('Enter')
    await this.message(text).waitFor()
  }
}
