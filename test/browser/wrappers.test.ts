// The official wrappers of loadChatUi, in an app whose bundler replaces the address as docs/chat-ui.md says, and in one
// that is unchanged.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Intercept, startIntercept } from '#intercept/intercept.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { patienceMs } from '../support/patience.ts'
import { readSamples } from '../support/samples.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { executablePath, shareBrowser } from './chromium.ts'

const apps: Record<string, string> = {
  react: `
    import { createElement, useState } from 'react'
    import { createRoot } from 'react-dom/client'
    import { ChatUi, useApiConnection } from '@chatkitty/react'
    const { widgetId, username, connect } = window.app
    const setup = () => {}
    const Shared = () => {
      const connection = useApiConnection(setup, connect)
      return connection ? createElement(ChatUi, { widgetId, connection }) : null
    }
    createRoot(document.getElementById('app')).render(
      connect ? createElement(Shared) : createElement(ChatUi, { widgetId, username }),
    )`,
  vue: `
    import { createApp, h, toRaw } from 'vue'
    import { ChatUi, useApiConnection } from '@chatkitty/vue'
    const { widgetId, username, connect } = window.app
    createApp({
      setup() {
        if (!connect) return () => h(ChatUi, { widgetId, username })
        const connection = useApiConnection(() => {}, connect)
        return () => connection.value && h(ChatUi, { widgetId, connection: toRaw(connection.value) })
      },
    }).mount('#app')`,
}

let server: TestServer
let web: Server
let intercept: Intercept
let page: Page
/** A page whose browser has the proxy of `chatterie exec --intercept`. */
let intercepted: Page
const scripts = new Map<string, string>()
/** What the script of the page reads. */
let app: object

beforeAll(async () => {
  if (!executablePath) return
  server = await startServer({ TRUST_PROXY: 'loopback' })
  const plugin = await pluginOfTheGuide()
  for (const [name, code] of Object.entries(apps)) {
    scripts.set(`/${name}.js`, await bundle(code, [plugin]))
    scripts.set(`/unchanged/${name}.js`, await bundle(code, []))
  }
  web = createServer(({ url = '' }, response) => {
    const script = scripts.get(url)
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript')
    const html = `<!doctype html><div id="app" style="height: 600px"></div>
      <script>window.app = ${JSON.stringify(app)}</script><script type="module" src="${url}.js"></script>`
    response.end(script ?? html)
  }).listen(0, '127.0.0.1')
  intercept = await startIntercept({ url: server.url, environment: {}, log: console })
  const browser = await shareBrowser()
  const proxy = { server: intercept.environment.HTTPS_PROXY ?? '' }
  page = await browser.newPage()
  intercepted = await browser.newPage({ proxy, ignoreHTTPSErrors: true })
  for (const each of [page, intercepted]) each.setDefaultTimeout(patienceMs)
})
afterAll(async () => {
  await Promise.all([page?.close(), intercepted?.close()])
  await intercept?.close()
  web?.close()
  await server?.close()
})

/** The plugin for Vite in the guide, for the server of this file. */
async function pluginOfTheGuide(): Promise<Plugin> {
  const sample = (await readSamples('docs/chat-ui.md')).find(({ code }) => code.includes('transform:'))
  const code = sample?.code.replaceAll('http://localhost:9001', () => server.url) ?? ''
  const { default: config } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  const [{ transform }] = config.plugins
  return {
    name: 'guide',
    setup({ onLoad }) {
      onLoad({ filter: /\.m?js$/ }, async ({ path }) => ({
        contents: transform(await readFile(path, 'utf8'), path) ?? (await readFile(path, 'utf8')),
        loader: 'js',
      }))
    },
  }
}

async function bundle(contents: string, plugins: Plugin[]): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    plugins,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

/** Opens an app for a new member of a new channel, and sends a message in its chat. */
async function chatIn(page: Page, path: string, connect?: object): Promise<void> {
  const { name: username, id } = await createUser(server.main)
  const channel = await createChannel(server.main, { type: 'PUBLIC', members: [{ id }] })
  const { apiKey } = server.main
  app = { widgetId: apiKey, username, ...(connect && { connect: { apiKey, username, ...connect } }) }
  await page.goto(`http://localhost:${(web.address() as AddressInfo).port}${path}`)
  const frame = page.frameLocator('iframe[title="Chat UI"]')
  await frame.getByRole('button', { name: channel.name ?? '' }).click()
  await frame.getByRole('textbox', { name: /Type a message/ }).fill('Hello')
  await frame.getByRole('textbox', { name: /Type a message/ }).press('Enter')
  await frame.getByRole('log').getByRole('listitem').filter({ hasText: 'Hello' }).waitFor()
  const { body } = await server.main.get(`/channels/${channel.id}/messages`).expect(200)
  expect(body._embedded.messages).toMatchObject([{ body: 'Hello', user: { id } }])
}

describe.skipIf(!executablePath).each(Object.keys(apps))('the wrapper for %s', (name) => {
  it('shows the chat on a connection of its own', () => chatIn(page, `/${name}`))

  it('shows the chat on the connection of the app', () => {
    const $environment = { origin: server.url, host: new URL(server.url).host, secure: false }
    return chatIn(page, `/${name}`, { $environment })
  })

  it.each([
    ['a connection of its own', undefined],
    ['the connection of the app', {}],
  ])('is tested unchanged where requests are intercepted, on %s', (_, connect) =>
    chatIn(intercepted, `/unchanged/${name}`, connect),
  )
})
