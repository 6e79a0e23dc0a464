// That people with other means than a mouse and good eyes can use the pages: axe-core finds nothing serious.
import axe from 'axe-core'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, type TestServer } from '../support/server.ts'
import { executablePath } from './chromium.ts'

interface Finding {
  id: string
  impact: string
  nodes: { html: string }[]
}

let server: TestServer
let browser: Browser

beforeAll(async () => {
  if (!executablePath) return
  server = await shareServer()
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [390, 1280].map((width) => ({ colorScheme, width })),
)

describe.skipIf(!executablePath).each([
  ['/', 'main'],
  ['/chat', '.notice'],
  ['/docs', '.endpoints[tabindex]'],
])('%s', (path, drawn) => {
  it.each(looks)(
    'has nothing serious for axe-core: $colorScheme, $width px',
    async ({ colorScheme, width }) => {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true })
      await page.goto(server.url + path)
      await page.locator(drawn).first().waitFor()
      await page.evaluate(axe.source)
      const { violations } = (await page.evaluate('axe.run()')) as { violations: Finding[] }
      await page.close()
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    },
    30_000,
  )
})
