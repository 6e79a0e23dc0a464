// The console of a separate test server in a real browser, and checks of its pages for all tests.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { seriousOf } from '../browser/axe.ts'
import { shareBrowser } from '../browser/chromium.ts'
import { type AdminClient, createAdmin } from '../support/admin.ts'
import { patienceMs } from '../support/patience.ts'
import { startServer, type TestServer } from '../support/server.ts'

const pictures = new URL('../../docs/console/', import.meta.url)
/** The screenshots that the documentation uses. */
const shown = new Set([
  'erase-light-1280',
  'exports-light-1280',
  'function-light-1280',
  'function-versions-dark-1280',
  'look-light-1280',
  'messages-open-light-1280',
  'overview-dark-390',
  'overview-light-1280',
  'reports-light-1280',
  'settings-retention-light-1280',
  'sign-in',
  'users-open-dark-1280',
])
export const password = 'correct horse battery staple'

export interface Console {
  server: TestServer
  /** Requests with the admin key of an owner. */
  owner: AdminClient
  /** The page where `signIn` signs in `ada`, an owner. */
  page: Page
  /** The URL of the application in the console. */
  inside: string
  /** Errors in the pages, and requests to other origins. */
  complaints: string[]
  /** Opens a page with its own browser context, which shares nothing with the others. */
  open(): Promise<Page>
  signIn(page: Page, username: string): Promise<void>
  /** Presses `g` and the letter of a section, and waits for its title. */
  goTo(letter: string, title: string): Promise<void>
  heading(name: string): Promise<void>
  /** The first row of a list that contains the text. */
  option(text: string): Locator
  /**
   * Checks that the page has no serious axe-core violations in light and dark mode, and fits into widths of 390 px and
   * 1280 px. Takes the screenshots that the documentation uses.
   */
  looksWell(name: string): Promise<void>
  picture(name: string, page?: Page): Promise<void>
  close(): Promise<void>
}

/** Opens a console with the operators `ada`, an owner, and `vera`, a viewer. */
export async function openConsole(environment: Record<string, string> = {}): Promise<Console> {
  const server = await startServer({
    CHATTERIE_ADMIN_PASSWORD: password,
    APPLICATION_DELETION: 'on',
    ...environment,
  })
  const owner = await createAdmin(server, 'owner')
  await owner.post('/operators', { username: 'ada', password, role: 'owner' }).expect(201)
  await owner.post('/operators', { username: 'vera', password, role: 'viewer' }).expect(201)
  await owner.patch(`/applications/${server.main.id}`, { name: 'Harbour' }).expect(200)
  const browser = await shareBrowser()
  const contexts: BrowserContext[] = []
  const complaints: string[] = []
  const open = async () => {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Berlin',
      locale: 'en-GB',
    })
    contexts.push(context)
    const page = await context.newPage()
    page.setDefaultTimeout(patienceMs)
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      const isOurs = new URL(request.url()).origin === server.url || /^(blob|data):/.test(request.url())
      if (!isOurs) complaints.push(`asked ${request.url()}`)
    })
    return page
  }
  const page = await open()
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const picture = async (name: string, of = page) => {
    if (!process.env.UPDATE_SCREENSHOT || !shown.has(name)) return
    await mkdir(pictures, { recursive: true })
    await of.screenshot({ path: fileURLToPath(new URL(`${name}.png`, pictures)) })
  }
  return {
    server,
    owner,
    page,
    inside: `${server.url}/console/a/${server.main.id}`,
    complaints,
    open,
    heading,
    picture,
    async signIn(page, username) {
      await page.goto(`${server.url}/console`)
      await page.getByLabel('Name', { exact: true }).fill(username)
      await page.getByLabel('Password').fill(password)
      await page.keyboard.press('Enter')
      await page.getByRole('navigation').waitFor({ state: 'attached' })
    },
    async goTo(letter, title) {
      await page.keyboard.press('g')
      await page.keyboard.press(letter)
      await heading(title)
    },
    option: (text) => page.locator('.row', { hasText: text }).first(),
    async looksWell(name) {
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [390, 1280]) {
          await page.setViewportSize({ width, height: 800 })
          await page.emulateMedia({ colorScheme })
          const look = `${name}-${colorScheme}-${width}`
          const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
          expect(overflow, look).toBeLessThanOrEqual(0)
          const isLooked = look.endsWith('light-1280') || look.endsWith('dark-390') // axe-core is slow
          if (isLooked) expect(await seriousOf(page), look).toEqual([])
          await picture(look)
        }
      }
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1280, height: 800 })
    },
    async close() {
      for (const context of contexts) await context.close()
      await server.close()
    },
  }
}

/** An answer for routes of a page that are to fail. */
export const breakdown = { status: 503, contentType: 'application/json', body: '{"message":"Out of order"}' }

/** Refetches what a page shows, as when the operator comes back to the window later. */
export function comeBack(page: Page): Promise<unknown> {
  return page.evaluate(`{
    const now = Date.now
    Date.now = () => now() + 10_000
    dispatchEvent(new Event('visibilitychange'))
  }`)
}
