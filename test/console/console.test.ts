// The console in a real browser: each section by keyboard, in light and dark mode, in phone and desktop sizes. Each
// test creates the data that it needs, and begins at the overview.
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { seriousOf } from '../browser/axe.ts'
import { executablePath } from '../browser/chromium.ts'
import type { AdminClient } from '../support/admin.ts'
import { createUser, sendMessage } from '../support/factories.ts'
import { upload } from '../support/jobs.ts'
import type { TestServer } from '../support/server.ts'
import { furnish } from './furnish.ts'
import { type Console, openConsole, password } from './harness.ts'

describe.skipIf(!executablePath)('the console', () => {
  let opened: Console
  let server: TestServer
  let page: Page
  let owner: AdminClient
  let inside: string
  /** The id of the channel that has messages. */
  let harbour: number

  beforeAll(async () => {
    opened = await openConsole()
    ;({ server, page, owner, inside } = opened)
    harbour = (await furnish(server)).id
    await upload(server.main, 'users', '[{ "name": "wrong name", "displayName": 7 }]').expect(202)
    await owner.post(`/applications/${server.main.id}/webhooks`, {
      url: 'https://hooks.example/audit',
      events: ['user.created'],
    })
    await opened.signIn(page, 'ada')
  })
  afterAll(() => opened?.close())

  beforeEach(async () => {
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(`${inside}/overview`)
    await heading('Harbour')
  })
  /** The browser logged no errors, and sent no requests to other origins. */
  afterEach(() => expect(opened.complaints.splice(0)).toEqual([]))

  const heading = (name: string) => opened.heading(name)
  const option = (text: string) => opened.option(text)
  const goTo = (letter: string, title: string) => opened.goTo(letter, title)

  it('is one page with a strict policy, whose files are cached for ever', async () => {
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

  it('signs operators in, and shows the first application', async () => {
    await page.locator('.chart canvas').last().waitFor()
    await page
      .getByRole('link', { name: /Messages/ })
      .first()
      .waitFor()
  })

  it('lists the keys', async () => {
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Go to messages').waitFor()
    await opened.looksWell('keys')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('finds a message by keyboard, shows the messages around it, and deletes it', async () => {
    await goTo('m', 'Messages')
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
    await page.keyboard.press('Tab') // moves the focus away from Cancel
    await page.keyboard.press('Enter')
    await page.getByText('Nothing found').waitFor()
  })

  it('bans a user and lifts the ban', async () => {
    await goTo('u', 'Users')
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
    await page.keyboard.press('z') // undo
    await page.getByText('Banned by ada').waitFor()
    await page.getByText('“Spam”').waitFor()
    await page.keyboard.press('b')
    await page.getByRole('button', { name: 'Unban', exact: true }).press('Enter')
    await page.getByText('Banned by ada').waitFor({ state: 'detached' })
  })

  it('links from a channel to its members', async () => {
    await goTo('c', 'Channels')
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

  it('creates an application, an operator and a key, whose secrets are shown once', async () => {
    await goTo('a', 'Applications')
    await page.keyboard.press('n')
    await page.getByLabel('Name').fill('Lagoon')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Lagoon is ready' }).getByText('Client secret').waitFor()
    await page.keyboard.press('Escape')
    await option('Lagoon').waitFor()

    await goTo('p', 'Operators')
    await page.keyboard.press('n')
    await page.getByLabel('Name').fill('grace')
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await option('grace').waitFor()

    await goTo('k', 'Admin keys')
    await page.keyboard.press('n')
    await page.getByLabel('Name').fill('nightly')
    await page.keyboard.press('Enter')
    await page.getByText(/^ck_admin_.{20}/).waitFor()
    await page.keyboard.press('Escape')
    await option('nightly').waitFor()
  })

  it('draws charts of activity by hours and by days', async () => {
    await expect.poll(() => page.locator('.chart canvas').count()).toBe(7)
    await page.getByLabel('30 days').check({ force: true })
    await page.waitForURL(/interval=day/)
    await expect.poll(() => page.locator('.chart canvas').count()).toBe(7)
  })

  it('resolves reports', async () => {
    await goTo('r', 'Reports')
    await option('CHEAP WATCHES').waitFor()
    await opened.picture('reports-light-1280')
    await page.keyboard.press('e')
    await page.getByText('No open reports').waitFor()
    await page.getByLabel('State').selectOption('resolved')
    await option('kept by ada').waitFor()
    await page.getByLabel('State').blur()
  })

  it('shows events live', async () => {
    await goTo('l', 'Live')
    await page.locator('.badge.good', { hasText: 'Live' }).waitFor()
    await sendMessage(server.main, harbour, { body: 'The ferry is here', user: { username: 'ada' } })
    await page.getByRole('link', { name: 'The ferry is here' }).waitFor()
    await page.keyboard.press('p')
    await page.getByText('Paused').waitFor()
  })

  it('shows jobs with their errors, and empty lists', async () => {
    await goTo('j', 'Jobs')
    await option('User import').waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('complementary').getByRole('heading', { name: 'Errors' }).waitFor()
    await goTo('e', 'Sessions')
    await page.getByText('Nobody is connected').waitFor()
    await goTo('f', 'Functions')
    await page.getByText('No functions yet').waitFor()
  })

  it('creates a webhook, whose secret is shown once, and switches it off', async () => {
    await goTo('w', 'Webhooks')
    await page.keyboard.press('n')
    expect(await seriousOf(page)).toEqual([])
    await page.getByLabel('URL').fill('https://hooks.example/chatterie')
    await page.keyboard.press('Enter')
    await page.getByText(/^whsec_/).waitFor()
    await page.keyboard.press('Escape')
    await option('hooks.example').waitFor()
    await page.keyboard.press('Enter')
    const off = page.getByRole('button', { name: 'Switch off' })
    await off.press('Enter')
    await page.getByRole('button', { name: 'Switch on' }).waitFor()
  })

  it('shows in the audit log what was done', async () => {
    const { id } = await createUser(server.main, { name: 'noisy' })
    const message = await sendMessage(server.main, harbour, { body: 'Noise', user: { username: 'noisy' } })
    await owner.post(`/applications/${server.main.id}/users/${id}/ban`).expect(200)
    await owner.delete(`/applications/${server.main.id}/messages/${message.id}`).expect(204)
    await goTo('t', 'Audit')
    await option('user.banned').waitFor()
    await option('message.deleted').waitFor()
  })

  it('changes settings and rotates a secret', async () => {
    await page.goto(`${inside}/settings`)
    await page.getByRole('checkbox', { name: 'Guests' }).click()
    await page.getByText('Saved').waitFor()
    await page.getByRole('button', { name: 'Replace client secret' }).press('Enter')
    await page.getByLabel('Overlap in hours').fill('1')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'The new client secret' }).waitFor()
    await page.keyboard.press('Escape')
  })

  it('shows viewers only what they may see', async () => {
    const other = await opened.open()
    await opened.signIn(other, 'vera')
    await other.getByRole('link', { name: /Users/ }).first().waitFor()
    expect(await other.getByRole('link', { name: /Operators|Admin keys|Audit|Settings/ }).count()).toBe(0)
    await other.goto(`${inside}/messages`)
    await other.locator('.row').first().click()
    await other.getByRole('heading', { name: 'Conversation' }).waitFor()
    expect(await other.getByRole('button', { name: /Delete/ }).count()).toBe(0)
    await other.context().close()
  })

  it('axe-core finds nothing serious and pages fit, in light and dark, on phones and desktops', async () => {
    for (const { name, path, drawn } of screens(server.main.id)) {
      await page.goto(`${server.url}/console${path}`)
      await page.locator(drawn).first().waitFor()
      if (name === 'overview') await page.locator('.chart canvas').last().waitFor()
      if (name === 'messages-open' || name === 'users-open') {
        await page.locator('.row').first().click()
        await page.locator('.detail .facts').waitFor()
      }
      await opened.looksWell(name)
    }
  })

  it('signs operators out of all sessions', async () => {
    const other = await opened.open()
    await owner.post('/operators', { username: 'leaver', password, role: 'viewer' }).expect(201)
    await opened.signIn(other, 'leaver')
    await other.getByRole('button', { name: 'Sign out' }).press('Enter')
    await other.getByRole('dialog').getByRole('button', { name: 'Sign out' }).press('Enter')
    await other.getByRole('heading', { name: 'Chatterie console' }).waitFor()
    expect(await seriousOf(other)).toEqual([])
    await opened.picture('sign-in', other)
    await other.context().close()
  })
})

const screens = (application: number) => [
  ...[
    'overview',
    'messages',
    'users',
    'channels',
    'reports?state=resolved',
    'live',
    'sessions',
    'functions',
    'jobs',
    'webhooks',
    'settings',
  ].map((path) => ({
    name: path.replace(/\?.*/, ''),
    path: `/a/${application}/${path}`,
    drawn: '.tiles, .row, .switch, .empty',
  })),
  { name: 'messages-open', path: `/a/${application}/messages`, drawn: '.row' },
  { name: 'users-open', path: `/a/${application}/users`, drawn: '.row' },
  ...['applications', 'operators', 'keys', 'audit'].map((path) => ({
    name: path,
    path: `/${path}`,
    drawn: '.row',
  })),
]
