// The API reference in a real browser.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { served } from '#realtime/table.ts'
import type { Address } from '#resources/address.ts'
import { patienceMs } from '../support/patience.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { executablePath, shareBrowser } from './chromium.ts'

describe.skipIf(!executablePath)('the API reference in a browser', () => {
  let server: TestServer
  let page: Page
  /** Errors in the page, and requests to other origins. */
  const complaints: string[] = []

  beforeAll(async () => {
    server = await startServer()
    page = await (await shareBrowser()).newPage({ viewport: { width: 1280, height: 800 } })
    page.setDefaultTimeout(patienceMs)
    page.on('pageerror', ({ message }) => {
      if (message !== 'Bad client credentials') complaints.push(message)
    })
    page.on('console', (message) => {
      const isRefusal = /401|Bad client credentials/.test(message.text())
      if (message.type() === 'error' && !isRefusal) complaints.push(message.text())
    })
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url())
      if (origin !== server.url && protocol !== 'data:') complaints.push(`asked ${request.url()}`)
    })
    await page.goto(`${server.url}/docs`)
  })
  afterAll(async () => {
    await page?.close()
    await server?.close()
  })

  it('shows every operation with a curl command to copy, and links back', async () => {
    await page.getByRole('heading', { level: 1, name: 'Chatterie Platform API' }).waitFor()
    await page.goto(`${server.url}/docs#platform/tag/users/GET/v1/users`)
    await page.getByRole('heading', { name: 'List users' }).first().waitFor()
    await page.getByText('curl').first().waitFor()
    expect(await page.getByRole('link', { name: 'Chatterie' }).getAttribute('href')).toBe('./')
  })

  it('finds an operation by a search term', async () => {
    await page
      .getByRole('button', { name: /search/i })
      .first()
      .click()
    await page.getByRole('searchbox').or(page.getByRole('combobox')).first().fill('invites')
    await page
      .getByRole('option')
      .or(page.getByRole('listitem'))
      .filter({ hasText: /invite/i })
      .first()
      .waitFor()
    await page.keyboard.press('Escape')
  })

  it('shows what clients can do in real time: every relay, topic, action and stream', async () => {
    await page.goto(`${server.url}/docs?api=real-time`)
    await page.getByRole('heading', { level: 1, name: 'Chatterie real-time API' }).waitFor()
    const text = await page.locator('#reference').innerText()
    const shown = Object.values(served).flatMap(({ hypermedia: { relays, topics, actions, streams } }) =>
      Object.values<Address>({ ...relays, ...topics, ...actions, ...streams }).map(({ pattern }) => pattern),
    )
    expect(shown.length).toBeGreaterThan(90)
    expect(shown.filter((pattern) => !text.includes(pattern))).toEqual([])
    await page.goto(`${server.url}/docs`)
  })

  it('gets a token, and shows an error where the secret is wrong, without a dialog of the browser', async () => {
    await page.goto(`${server.url}/docs#`)
    const token = (status: number) =>
      page.waitForResponse((answer) => answer.url().endsWith('/oauth/token') && answer.status() === status)
    const authorize = async (secret: string) => {
      await fill('Client ID', server.main.clientId)
      await fill('Client Secret', secret)
      await page.getByRole('button', { name: 'Authorize' }).first().click()
    }
    const [refused] = await Promise.all([token(401), authorize('wrong')])
    expect(refused.headers()).not.toHaveProperty('www-authenticate')
    const [granted] = await Promise.all([token(200), authorize(server.main.clientSecret)])
    expect(await granted.json()).toHaveProperty('access_token')
  })

  it('sends no request to another server, and logs no error but that of the wrong secret', () => {
    expect(complaints).toEqual([])
  })

  async function fill(label: string, text: string) {
    const row = page.locator('tr').filter({ hasText: `${label}:` })
    await row.locator('input, [contenteditable=true]').first().click()
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.insertText(text)
    await page.keyboard.press('Tab')
  }
})
