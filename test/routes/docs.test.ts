import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { shareServer, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

const get = (path: string) => supertest(server.url).get(path)

describe('GET /openapi.yaml', () => {
  it('contains the address of this server', async () => {
    const { text, type, headers } = await get('/openapi.yaml').expect(200)
    expect(type).toBe('application/yaml')
    const document = parse(text)
    expect(document.servers).toEqual([{ url: server.url }])
    const { clientCredentials } = document.components.securitySchemes.application_authorization.flows
    expect(clientCredentials.tokenUrl).toBe(`${server.url}/oauth/token`)
    expect(headers['x-api-version']).toBe(`v${document.info.version}`)
  })

  it('contains PUBLIC_URL, where that is set', async () => {
    const behind = await startServer({ PUBLIC_URL: 'https://example.com/chat' })
    const { text } = await supertest(behind.url).get('/openapi.yaml').expect(200)
    expect(parse(text).servers).toEqual([{ url: 'https://example.com/chat' }])
    await behind.close()
  })

  it('contains the host unchanged, whatever characters it has', async () => {
    const plain = await get('/openapi.yaml').set('host', 'aaaa').expect(200)
    for (const host of ["a$'a", 'a$&a', 'a$$a']) {
      const { text } = await get('/openapi.yaml').set('host', host).expect(200)
      expect(text.length).toBe(plain.text.length)
      expect(parse(text).servers).toEqual([{ url: `http://${host}` }])
    }
  })

  it.each(['openapi', 'openapi-admin'])('is the same as JSON: %s', async (name) => {
    const [yaml, json] = await Promise.all([get(`/${name}.yaml`), get(`/${name}.json`).expect(200)])
    expect(json.type).toBe('application/json')
    expect(json.body).toEqual(parse(yaml.text))
  })
})

describe('GET /docs', () => {
  it('is a page that cannot be embedded, and runs only scripts of this server', async () => {
    const { type, headers, text } = await get('/docs').expect(200)
    expect(type).toBe('text/html')
    expect(headers['x-frame-options']).toBe('DENY')
    const policy = headers['content-security-policy'] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy.replace("style-src 'self' 'unsafe-inline'", '')).not.toContain('unsafe')
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//)
  })

  it('serves all resources that it loads', async () => {
    const { text } = await get('/docs')
    const asked = [...text.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(
      ([, path = '']) => new URL(path, `${server.url}/docs`).pathname,
    )
    expect(asked).toEqual(
      expect.arrayContaining(['/docs/page.css', '/docs/page.js', '/docs/scalar.js', '/openapi.yaml']),
    )
    for (const path of asked) await get(path).expect(200)
    expect((await get('/docs/page.js')).type).toBe('application/javascript')
    expect((await get('/docs/page.css')).type).toBe('text/css')
  })

  it('redirects from a trailing slash, where its relative links would point elsewhere', async () => {
    const { headers } = await get('/docs/').redirects(0).expect(308)
    expect(new URL(headers.location ?? '', `${server.url}/docs/`).pathname).toBe('/docs')
  })
})
