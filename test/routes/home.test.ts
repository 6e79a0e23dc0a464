// The home page, which is also the entry point of API clients.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shareServer, startServer, type TestServer } from '../support/server.ts'

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
const publicServer = 'https://chat.example.com/base'

/** A server without settings. */
let plain: TestServer
let server: TestServer
/** A server behind a proxy, as in production. */
let behind: TestServer
beforeAll(async () => {
  plain = await shareServer()
  server = await startServer({ DEMO_PAGE: 'on' })
  behind = await startServer({ PUBLIC_URL: publicServer })
})
afterAll(async () => {
  await plain.close()
  await server.close()
  await behind.close()
})

const get = (path: string, from = server) => supertest(from.url).get(path)
const open = (from = server) => get('/', from).set('accept', browser)

/** Returns the text between two tags. */
function textOf(html: string, id: string): string {
  const [, inner = ''] = new RegExp(`<code id="${id}">(.*?)</code>`, 's').exec(html) ?? []
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }
  return inner.replace(/<[^>]+>/g, '').replace(/&(#?\w+);/g, (_, name) => entities[name] ?? '?')
}

describe('GET /', () => {
  it.each([
    undefined,
    '*/*',
    'application/json',
    'application/hal+json',
    'application/json, text/html;q=0.9',
  ])('gives %j the links of the API', async (accept) => {
    const test = accept === undefined ? get('/').unset('accept') : get('/').set('accept', accept)
    const { type, body } = await test.expect(200)
    expect(type).toMatch(/json$/)
    expect(body._links.application.href).toBe(`${server.url}/application`)
  })

  it.each([browser, 'text/html'])('shows a page to a browser that accepts %j', async (accept) => {
    const { type, text, headers } = await get('/').set('accept', accept).expect(200)
    expect(type).toBe('text/html')
    expect(text).toContain('<h1')
    expect(headers.vary).toContain('Accept')
  })

  it('has the links of the API below a version, for any client', async () => {
    const { body } = await get('/v1').set('accept', browser).expect(200)
    expect(body._links.application.href).toBe(`${server.url}/v1/application`)
  })

  it('shows the version and the address of the server', async () => {
    const { text, headers } = await open().expect(200)
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } })
    expect(text).toContain(`<dd>${manifest.version}</dd>`)
    expect(text).toContain(`<dd>${headers['x-api-version']}</dd>`)
    expect(text).toContain(`<code>${server.url}</code>`)
  })

  it('serves all resources that it loads, and requests none of other servers', async () => {
    const { text } = await open()
    const asked = [...text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path = '']) => path)
    expect(new Set(asked)).toEqual(
      new Set([
        '/',
        '/console',
        '/docs',
        '/openapi.yaml',
        '/home/icon.svg',
        '/home/page.css',
        '/home/page.js',
      ]),
    )
    for (const path of asked) await get(path).expect(200)
    expect((await get('/home/page.css')).type).toBe('text/css')
    expect((await get('/home/page.js')).type).toBe('application/javascript')
    expect((await get('/home/icon.svg')).type).toBe('image/svg+xml')
  })

  it('runs only its own scripts, and cannot be embedded', async () => {
    const { headers, text } = await open()
    const policy = headers['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain(`connect-src 'self' ${server.url.replace('http', 'ws')};`)
    expect(policy).not.toContain('unsafe')
    expect(text).not.toMatch(/<script(?! type="module" src="\/home\/page.js")/)
    expect(text).not.toMatch(/ (style|on\w+)=/)
    expect(headers['x-frame-options']).toBe('DENY')
  })

  it('escapes what a request contains, in markup and policy', async () => {
    for (const host of ['"><script>alert(1)</script>', "x'; script-src *", 'x&y']) {
      const { text, headers } = await open().set('x-forwarded-host', host).expect(200)
      expect(text).not.toContain('<script>')
      expect(headers['content-security-policy']).toContain("script-src 'self';")
      expect(headers['content-security-policy']).not.toContain('*')
    }
  })

  it('uses the address at which a proxy serves it', async () => {
    const { text } = await open(behind)
    expect(text).toContain(`<code>${publicServer}</code>`)
    expect(text).toContain('href="/base/docs"')
    expect(text).toContain('src="/base/home/page.js"')
    expect(textOf(text, 'client-steps')).toContain("host: 'chat.example.com/base',\n    secure: true,")
  })

  it('shows first steps that work as they are', async () => {
    const { text } = await open()
    const { clientId, clientSecret } = server.main
    const steps = textOf(text, 'curl-steps')
    expect(steps).toContain(`URL=${server.url}\nID=${clientId}\n`)
    const filled = steps.replace('SECRET=…', () => `SECRET=${clientSecret}`)
    const { stdout } = await promisify(execFile)('sh', ['-e', '-c', filled])
    expect(stdout).toContain('Hello, world!')
    const { body } = await server.main.get('/users').expect(200)
    expect(body._embedded.users.map(({ name }: { name: string }) => name)).toEqual(['jane'])

    // The steps above have created a channel that the client can find.
    const client = spawn(process.execPath, ['--input-type=module', '-e', textOf(text, 'client-steps')])
    const [heard] = await once(client.stdout, 'data')
    client.kill()
    expect(String(heard)).toBe('Hello!\n')
  })
})

describe('the demo and the API key', () => {
  const isShown = (text: string, { main }: TestServer) => {
    const shown = text.includes('id="demo"')
    expect(text.includes(main.apiKey)).toBe(shown)
    expect(text.includes(main.clientId)).toBe(shown)
    expect(text).not.toContain(main.clientSecret)
    return shown
  }

  it('are hidden by default, even for a browser of this machine', async () => {
    const { text } = await open(plain).expect(200)
    expect(isShown(text, plain)).toBe(false)
    expect(text).toContain('Start with <code>DEMO_PAGE=on</code> to try a live chat here.')
    await get('/home/demo.js', plain).expect(404)
    await get('/home/demo.js.gz', plain).expect(404)
  })

  it('are shown with DEMO_PAGE=on', async () => {
    const { text, headers } = await open().expect(200)
    expect(isShown(text, server)).toBe(true)
    expect(text).not.toContain('Start with')
    expect(text).toContain(`data-host="${new URL(server.url).host}"`)
    expect(headers['cache-control']).toContain('no-store')
    await get('/home/demo.js').expect(200)
  })

  it('cannot be read by pages of other sites', async () => {
    const { headers } = await open().set('origin', 'https://evil.example.com').expect(200)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('are shown with DEMO_PAGE=on to every client, wherever the server is', async () => {
    const other = await startServer({ DEMO_PAGE: 'on', HOST: '0.0.0.0', PUBLIC_URL: publicServer })
    try {
      const { text } = await open(other).set('x-forwarded-for', '203.0.113.7').expect(200)
      expect(isShown(text, other)).toBe(true)
      await get('/home/demo.js', other).expect(200)
    } finally {
      await other.close()
    }
  })

  it('are those of the application that the settings name', async () => {
    const other = await startServer({ DEMO_PAGE: 'on', CHATTERIE_CLIENT_ID: 'none-such' })
    try {
      expect(isShown((await open(other).expect(200)).text, other)).toBe(false)
    } finally {
      await other.close()
    }
  })
})

describe('GET /home/demo.js', () => {
  it('is the official client and the demo in one script that needs no other', async () => {
    const { text, type } = await get('/home/demo.js').expect(200)
    expect(type).toBe('application/javascript')
    expect(text).toContain('ChatKitty-ChatUI/2.106.2')
    expect(/\bimport\b\s*[("'{*]/.exec(text)?.[0]).toBeUndefined()
  })

  it('is sent again only when it changed', async () => {
    for (const path of ['/home/demo.js', '/home/page.css']) {
      const { headers } = await get(path).expect(200)
      expect(headers['cache-control']).toBe('no-cache')
      await get(path)
        .set('if-none-match', headers.etag ?? '')
        .expect(304, '')
      await get(path).set('if-none-match', '"another"').expect(200)
    }
  })
})
