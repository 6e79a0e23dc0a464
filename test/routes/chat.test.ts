// What the frame of loadChatUi is given; that it chats is what test/browser/chat.test.ts sees.
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ui } from '#resources/ui.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${server.url}${path}`, { headers })

describe('the page of the chat', () => {
  it('may be shown in a frame of any page, and runs no script but its own', async () => {
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

  it('holds no key, and nothing of what is asked for', async () => {
    const answer = await get(`/chat?widget_id=${server.main.apiKey}&locale=%3Cscript%3E`)
    const text = await answer.text()
    expect(text).not.toContain(server.main.apiKey)
    expect(text).not.toContain('<script>')
    expect(text).not.toMatch(/<script(?![^>]*src=)|style=|\son\w+=/)
  })

  it.each([
    ['/chat/page.css', 'text/css; charset=utf-8'],
    ['/chat/app.js', 'application/javascript; charset=utf-8'],
  ])('%s is kept by browsers, which ask whether it is still the same', async (path, type) => {
    const { headers } = await supertest(server.url).get(path).expect(200).expect('content-type', type)
    await supertest(server.url)
      .get(path)
      .set('if-none-match', headers.etag ?? '')
      .expect(304, '')
  })

  it('has nothing else', async () => {
    expect((await get('/chat/other.js')).status).toBe(404)
  })
})

describe('the settings of the chat', () => {
  const settings = async (widgetId: string) => {
    const answer = await get(`/chat/settings?widget_id=${encodeURIComponent(widgetId)}`)
    expect(answer.status).toBe(200)
    return (await answer.json()) as Ui
  }

  it('are those of the application whose API key the widget id is', async () => {
    const styles = { 'base-theme': 'dark' }
    await server.main.put('/application/ui/styles', { settings: styles }).expect(200)
    const { apiKey } = await server.createApplication()
    expect((await settings(server.main.apiKey)).styles).toMatchObject(styles)
    expect((await settings(apiKey)).styles).toMatchObject({ 'base-theme': 'light' })
  })

  it.each(['', 'hosted-widget', "' or 1=1", '00000000-0000-4000-8000-000000000000'])(
    'are what nobody has set, for the unknown widget %j',
    async (widgetId) => {
      const { features, styles } = await settings(widgetId)
      expect([features.message.reactions, styles['base-theme']]).toEqual(['enabled', 'light'])
    },
  )
})
