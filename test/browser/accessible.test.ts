// The pages are accessible: axe-core finds no serious violations.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../support/server.ts'
import { seriousOf } from './axe.ts'
import { executablePath, shareBrowser } from './chromium.ts'

let server: TestServer
let page: Page

beforeAll(async () => {
  if (!executablePath) return
  server = await shareServer()
  page = await (await shareBrowser()).newPage({ bypassCSP: true })
})
afterAll(async () => {
  await page?.close()
  await server?.close()
})

describe.skipIf(!executablePath).each([
  ['/', 'main'],
  ['/chat', '.notice'],
  ['/docs', '.endpoints[tabindex]'],
])('%s', (path, drawn) => {
  it.each(['light', 'dark'] as const)(
    'axe-core finds nothing serious: %s, 390 and 1280 px',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width: 390, height: 800 })
      await page.goto(server.url + path)
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 800 })
        await page.locator(drawn).first().waitFor()
        expect(await seriousOf(page), `${width} px`).toEqual([])
      }
    },
    60_000,
  )
})
