// The console in a real browser: each section by keyboard, in light and dark, on phones and desks.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { executablePath } from '../browser/chromium.ts'
import { createAdmin } from '../support/admin.ts'
import { sendMessage } from '../support/factories.ts'
import { importFile } from '../support/jobs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { furnish } from './furnish.ts'

const pictures = new URL('../../docs/console/', import.meta.url)
const password = 'correct horse battery staple'

describe.skipIf(!executablePath)('the console', () => {
  let server: TestServer
  let browser: Browser
  let page: Page
  /** Where the application is, in the console. */
  let inside: string
  /** The channel in which people talk. */
  let harbour: number
  /** What went wrong in the page, and where else it went. */
  const complaints: string[] = []

  beforeAll(async () => {
    server = await startServer({ CHATTERIE_ADMIN_PASSWORD: password, APPLICATION_DELETION: 'on' })
    const owner = await createAdmin(server, 'owner')
    await owner.post('/operators', { username: 'ada', password, role: 'owner' }).expect(201)
    await owner.post('/operators', { username: 'vera', password, role: 'viewer' }).expect(201)
    await owner.patch(`/applications/${server.main.id}`, { name: 'Harbour' }).expect(200)
    harbour = (await furnish(server)).id
    inside = `${server.url}/console/a/${server.main.id}`
    browser = await chromium.launch({ ...(executablePath && { executablePath }), args: ['--no-sandbox'] })
    page = await open()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  async function open(): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Berlin',
      locale: 'en-GB',
    })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== server.url) complaints.push(`asked ${request.url()}`)
    })
    return page
  }

  async function signIn(page: Page, username: string): Promise<void> {
    await page.goto(`${server.url}/console`)
    await page.getByLabel('Name', { exact: true }).fill(username)
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('navigation').waitFor({ state: 'attached' })
  }

  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const option = (text: string) => page.locator('.row', { hasText: text }).first()

  it('is one page with a strict policy, whose files are kept for good', async () => {
    const answer = await fetch(`${inside}/messages`)
    expect(answer.headers.get('content-security-policy')).not.toContain('unsafe')
    const html = await answer.text()
    expect(html).not.toMatch(/<style|style=|<script(?![^>]* src=)/)
    for (const [, path] of html.matchAll(/(?:src|href)="([^"]+\/assets\/[^"]+)"/g)) {
      const file = await fetch(server.url + path)
      expect([file.status, file.headers.get('cache-control')]).toEqual([
        200,
        'public, max-age=31536000, immutable',
      ])
    }
    expect((await fetch(`${server.url}/console/assets/main-OLD.js`)).status).toBe(404)
  })

  it('lets operators in, and shows the first application', async () => {
    await signIn(page, 'ada')
    await heading('Harbour')
    await page.locator('.chart canvas').last().waitFor()
    await page
      .getByRole('link', { name: /Messages/ })
      .first()
      .waitFor()
  })

  it('lists the keys', async () => {
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Go to messages').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('finds a message by keyboard, shows what was said around it, and deletes it', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('m')
    await heading('Messages')
    await page.keyboard.press('/')
    await page.keyboard.type('lighthouse')
    await page.keyboard.press('Enter')
    await page.waitForURL(/query=lighthouse/)
    await expect.poll(() => page.locator('.row').count()).toBe(1)
    await page.keyboard.press('Enter')
    const conversation = page.getByRole('complementary').getByRole('listitem')
    await expect.poll(() => conversation.count()).toBeGreaterThan(2)
    await page.reload()
    await expect.poll(() => conversation.count()).toBeGreaterThan(2)
    await page.keyboard.press('d')
    await page.getByRole('dialog').getByText('cannot be undone').waitFor()
    await page.keyboard.press('Tab') // from Cancel
    await page.keyboard.press('Enter')
    await page.getByText('Nothing fits').waitFor()
  })

  it('bans a user and lets them in again', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('u')
    await heading('Users')
    await page.keyboard.press('/')
    await page.keyboard.type('mallory')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('.row').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.getByRole('complementary').getByRole('heading', { name: 'Mallory' }).waitFor()
    await page.keyboard.press('b')
    await page.getByLabel('Reason').fill('Spam')
    await page.keyboard.press('Enter')
    await page.getByText('Banned by ada').waitFor()
    await page.keyboard.press('b')
    await page.getByRole('button', { name: 'Unban', exact: true }).click()
    await page.getByText('Banned by ada').waitFor({ state: 'detached' })
  })

  it('leads from a channel to its members', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await heading('Channels')
    await option('Night shift').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    await page
      .getByRole('complementary')
      .getByRole('heading', { name: /^Members/ })
      .waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('complementary').waitFor({ state: 'detached' })
  })

  it('makes an application, an operator and a key, whose secrets are shown once', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    await heading('Applications')
    await page.keyboard.press('n')
    await page.getByLabel('Name').fill('Lagoon')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Lagoon is ready' }).getByText('Client secret').waitFor()
    await page.keyboard.press('Escape')
    await option('Lagoon').waitFor()

    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await heading('Operators')
    await page.keyboard.press('n')
    await page.getByLabel('Name').fill('grace')
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await option('grace').waitFor()

    await page.keyboard.press('g')
    await page.keyboard.press('k')
    await heading('Admin keys')
    await page.keyboard.press('n')
    await page.getByLabel('Name').fill('nightly')
    await page.keyboard.press('Enter')
    await page.getByText(/^ck_admin_.{20}/).waitFor()
    await page.keyboard.press('Escape')
    await option('nightly').waitFor()
  })

  const goTo = async (letter: string, title: string) => {
    await page.keyboard.press('g')
    await page.keyboard.press(letter)
    await heading(title)
  }

  it('draws what happened by hours and by days', async () => {
    await page.goto(`${inside}/overview`)
    await expect.poll(() => page.locator('.chart canvas').count()).toBe(6)
    await page.getByLabel('30 days').check({ force: true })
    await page.waitForURL(/interval=day/)
    await expect.poll(() => page.locator('.chart canvas').count()).toBe(6)
  })

  it('works through reports', async () => {
    await goTo('r', 'Reports')
    await option('CHEAP WATCHES').waitFor()
    await picture('reports-light-1280')
    await page.keyboard.press('e')
    await page.getByText('All is well').waitFor()
    await page.getByLabel('State').selectOption('resolved')
    await option('kept by ada').waitFor()
    await page.getByLabel('State').blur()
  })

  it('tells what happens as it happens', async () => {
    await goTo('l', 'Live')
    await page.locator('.badge.good', { hasText: 'Live' }).waitFor()
    await sendMessage(server.main, harbour, { body: 'The ferry is here', user: { username: 'ada' } })
    await page.getByRole('link', { name: 'The ferry is here' }).waitFor()
    await page.keyboard.press('p')
    await page.getByText('Paused').waitFor()
  })

  it('shows jobs with what went wrong, and what is empty', async () => {
    await importFile(server.main, 'users', [{ name: 'wrong name', displayName: 7 }])
    await goTo('j', 'Jobs')
    await option('User import').waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('complementary').getByRole('heading', { name: 'Errors' }).waitFor()
    await goTo('e', 'Sessions')
    await page.getByText('Nobody is connected').waitFor()
    await goTo('f', 'Functions')
    await page.getByText('No functions yet').waitFor()
  })

  it('makes a webhook, whose secret is shown once, and switches it off', async () => {
    await goTo('w', 'Webhooks')
    await page.keyboard.press('n')
    await page.getByLabel('URL').fill('https://hooks.example/chatterie')
    await page.keyboard.press('Enter')
    await page.getByText(/^whsec_/).waitFor()
    await page.keyboard.press('Escape')
    await option('hooks.example').waitFor()
    const off = page.getByRole('button', { name: 'Switch off' })
    await vi.waitFor(
      async () => {
        await page.keyboard.press('j')
        await page.keyboard.press('Enter')
        await off.waitFor({ timeout: 2_000 })
      },
      { timeout: 20_000 }, // while the list is read anew, a key may come too early
    )
    await off.press('Enter')
    await page.getByRole('button', { name: 'Switch on' }).waitFor()
  })

  it('shows in the audit what was done', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await heading('Audit')
    await option('user.banned').waitFor()
    await option('message.deleted').waitFor()
  })

  it('changes settings and replaces a secret', async () => {
    await page.goto(`${inside}/settings`)
    await page.getByRole('checkbox', { name: 'Guests' }).click()
    await page.getByText('Saved').waitFor()
    await page.getByRole('button', { name: 'Replace client secret' }).press('Enter')
    await page.getByLabel('Overlap in hours').fill('1')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'The new client secret' }).waitFor()
    await page.keyboard.press('Escape')
  })

  it('shows viewers what they may, and no more', async () => {
    const other = await open()
    await signIn(other, 'vera')
    await other.getByRole('link', { name: /Users/ }).first().waitFor()
    expect(await other.getByRole('link', { name: /Operators|Admin keys|Audit|Settings/ }).count()).toBe(0)
    await other.goto(`${inside}/messages`)
    await other.locator('.row').first().click()
    await other.getByRole('heading', { name: 'Conversation' }).waitFor()
    expect(await other.getByRole('button', { name: /Delete/ }).count()).toBe(0)
    await other.context().close()
  })

  const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
    [390, 1280].map((width) => ({ colorScheme, width })),
  )
  it.each(looks)(
    'has nothing serious for axe-core and fits: $colorScheme, $width px',
    async ({ colorScheme, width }) => {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      for (const { name, path, drawn } of screens(server.main.id)) {
        await page.goto(`${server.url}/console${path}`)
        await page.locator(drawn).first().waitFor()
        if (name === 'overview') await page.locator('.chart canvas').last().waitFor()
        if (name === 'messages-open' || name === 'users-open') {
          await page.locator('.row').first().click()
          await page.locator('.detail .facts').waitFor()
        }
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect(overflow, name).toBeLessThanOrEqual(0)
        expect(await seriousOf(page), name).toEqual([])
        await picture(`${name}-${colorScheme}-${width}`)
      }
    },
    90_000,
  )

  it('lets them out, everywhere', async () => {
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByRole('button', { name: 'Sign out' }).press('Enter')
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).press('Enter')
    await page.getByRole('heading', { name: 'Chatterie console' }).waitFor()
    expect(await seriousOf(page)).toEqual([])
    await picture('sign-in')
  })

  it('leaves no error in the log of the browser, and asks nobody else', () => {
    expect(complaints).toEqual([])
  })

  async function picture(name: string): Promise<void> {
    if (!process.env.UPDATE_SCREENSHOT) return
    await mkdir(pictures, { recursive: true })
    await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, pictures)) })
  }
})

const screens = (application: number) => [
  ...[
    'overview',
    'messages',
    'users',
    'channels',
    'reports?state=resolved',
    'jobs',
    'webhooks',
    'settings',
  ].map((path) => ({
    name: path.replace(/\?.*/, ''),
    path: `/a/${application}/${path}`,
    drawn: '.tiles, .row, .switch',
  })),
  { name: 'messages-open', path: `/a/${application}/messages`, drawn: '.row' },
  { name: 'users-open', path: `/a/${application}/users`, drawn: '.row' },
  ...['applications', 'operators', 'keys', 'audit'].map((path) => ({
    name: path,
    path: `/${path}`,
    drawn: '.row',
  })),
]

interface Finding {
  id: string
  impact: string
  nodes: { html: string }[]
}

async function seriousOf(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source)
  const { violations } = (await page.evaluate('axe.run()')) as { violations: Finding[] }
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
}
