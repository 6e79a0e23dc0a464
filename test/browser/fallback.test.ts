// Without WebSockets, which some networks block, the official client falls back to SockJS in a browser.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { patienceMs } from '../support/patience.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { executablePath, shareBrowser } from './chromium.ts'

describe.skipIf(!executablePath)('without WebSocket', () => {
  let server: TestServer
  let page: Page

  beforeAll(async () => {
    server = await startServer({ DEMO_PAGE: 'on' })
    page = await (await shareBrowser()).newPage()
  })
  afterAll(async () => {
    await page?.close()
    await server?.close()
  })

  it('two users chat over HTTP', async () => {
    page.setDefaultTimeout(patienceMs)
    await page.addInitScript('delete globalThis.WebSocket')
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url().replace(/\?.*/, '')))
    page.on('websocket', (socket) => asked.push(socket.url()))
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))

    await page.goto(server.url)
    await page.getByRole('button', { name: 'Start the chat' }).click()
    const paneOf = (username: string) => page.locator(`.pane[data-username="${username}"]`)
    await paneOf('ada').getByText('grace is online').waitFor()
    for (const [from, to] of [
      ['ada', 'grace'],
      ['grace', 'ada'],
    ] as const) {
      const text = `Hello ${to}, it is ${from}`
      const input = paneOf(from).getByRole('textbox')
      await input.fill(text)
      await input.press('Enter')
      await paneOf(to).getByRole('listitem').filter({ hasText: text }).waitFor()
    }
    await paneOf('grace').getByRole('button', { name: 'Leave' }).click()
    await paneOf('ada').getByText('grace is offline').waitFor()

    const transports = asked.map((url) => /\/rtm\/\d{3}\/\w{8}\/(\w+)$/.exec(url)?.[1]).filter(Boolean)
    expect([...new Set(transports)].toSorted()).toEqual(['xhr_send', 'xhr_streaming'])
    expect(asked.filter((url) => !url.startsWith(server.url))).toEqual([])
    expect(complaints).toEqual([])
  })
})
