// What the frame of loadChatUi receives. test/browser/chat.test.ts tests that it works.
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WidgetUi } from '#domain/applications/get-widget-ui.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${server.url}${path}`, { headers })

const settingsOf = async ({ url }: TestServer, widgetId: string) =>
  (await (await fetch(`${url}/chat/settings?widget_id=${widgetId}`)).json()) as WidgetUi

describe('the page of the chat', () => {
  it('may be embedded by any page, and runs only its own scripts', async () => {
    const answer = await get(`/chat?widget_id=${server.main.apiKey}&mode=live&environment=production`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('x-frame-options')).toBeNull()
    const policy = answer.headers.get('content-security-policy')?.split('; ')
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        'frame-ancestors *',
      ]),
    )
  })

  it('contains no key, and nothing of the query', async () => {
    const answer = await get(`/chat?widget_id=${server.main.apiKey}&locale=%3Cscript%3E`)
    const text = await answer.text()
    expect(text).not.toContain(server.main.apiKey)
    expect(text).not.toContain('<script>')
    expect(text).not.toMatch(/<script(?![^>]*src=)|style=|\son\w+=/)
  })

  it.each([
    ['/chat/page.css', 'text/css; charset=utf-8'],
    ['/chat/app.js', 'application/javascript; charset=utf-8'],
  ])('%s is cached by browsers, which revalidate it', async (path, type) => {
    const { headers } = await supertest(server.url).get(path).expect(200).expect('content-type', type)
    await supertest(server.url)
      .get(path)
      .set('if-none-match', headers.etag ?? '')
      .expect(304, '')
  })

  it('has no other files', async () => {
    expect((await get('/chat/other.js')).status).toBe(404)
  })
})

describe('the settings of the chat', () => {
  const settings = async (widgetId: string) => {
    const answer = await get(`/chat/settings?widget_id=${encodeURIComponent(widgetId)}`)
    expect(answer.status).toBe(200)
    return (await answer.json()) as WidgetUi
  }

  it('are those of the application whose API key is the widget id', async () => {
    const styles = { 'base-theme': 'dark' }
    await server.main.put('/application/ui/styles', { settings: styles }).expect(200)
    const { apiKey } = await server.createApplication()
    expect((await settings(server.main.apiKey)).styles).toMatchObject(styles)
    expect((await settings(apiKey)).styles).toMatchObject({ 'base-theme': 'light' })
  })

  it.each(['', 'hosted-widget', "' or 1=1", '00000000-0000-4000-8000-000000000000'])(
    'are the defaults for the unknown widget %j',
    async (widgetId) => {
      const { features, styles } = await settings(widgetId)
      expect([features.message.reactions, styles['base-theme']]).toEqual(['enabled', 'light'])
    },
  )
})

describe('a widget whose id is no API key', () => {
  it('belongs to the only application, and to none where there are more', async () => {
    const alone = await startServer()
    try {
      expect((await settingsOf(alone, 'hosted-widget')).apiKey).toBe(alone.main.apiKey)
      await alone.createApplication()
      expect((await settingsOf(alone, 'hosted-widget')).apiKey).toBe('hosted-widget')
    } finally {
      await alone.close()
    }
  })

  it('belongs to the application that the settings assign', async () => {
    const first = '11111111-1111-4111-8111-111111111111'
    const mapping = await startServer({ CHAT_WIDGETS: `hosted-widget=${first}` })
    try {
      const keyed = { text: 'update application set key = $1 where id = $2' }
      await mapping.ctx.db.query(keyed, [first, mapping.main.id])
      await mapping.main.put('/application/ui/styles', { settings: { 'base-theme': 'dark' } }).expect(200)
      await mapping.createApplication()
      const found = await settingsOf(mapping, 'hosted-widget')
      expect([found.apiKey, found.styles['base-theme']]).toEqual([first, 'dark'])
      expect((await settingsOf(mapping, 'other')).apiKey).toBe('other')
    } finally {
      await mapping.close()
    }
  })
})
