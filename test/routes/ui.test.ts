import { afterAll, beforeAll, expect, it } from 'vitest'
import { type UiPart, uiShapes } from '#resources/ui.ts'
import { presentResource } from '#wire/stompx.ts'
import { connectListener, deliveredEvents } from '../support/as-user.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

const path = (part: UiPart) => `/application/ui/${part}`
const get = async (part: UiPart) => (await server.main.get(path(part)).expect(200)).body.settings
const put = (part: UiPart, settings: unknown) => server.main.put(path(part), { settings })

it('everything is enabled, light and without templates by default', async () => {
  const { main } = server
  const { body } = await main.get(path('features')).expect(200)
  expect(body.settings).toEqual({
    $version: '0.0.2',
    channel: { create: 'enabled', profile: 'enabled' },
    emoji: { picker: 'enabled' },
    message: {
      attachments: { audio: 'enabled', file: 'enabled', image: 'enabled', video: 'enabled' },
      links: { preview: 'enabled' },
      reactions: 'enabled',
      'read-receipts': 'enabled',
      search: 'enabled',
      threads: 'enabled',
      typing: 'enabled',
    },
    user: { presence: 'enabled', profile: 'enabled' },
  })
  expect(Object.keys(body._links)).toEqual(['self', 'application'])
  expect(await get('styles')).toEqual({ $version: '0.0.2', 'base-theme': 'light' })
  expect(await get('elements')).toEqual({})
})

const given: [UiPart, Record<string, unknown>][] = [
  [
    'elements',
    { 'message-bubble': { template: '<p>{{body}}</p>', classMaps: { root: { 'is-mine': 'right' } } } },
  ],
  ['features', { message: { 'read-receipts': 'disabled' } }],
  ['styles', { 'base-theme': 'dark', stylesheet: 'a{}', overrides: { general: { text: { color: 'red' } } } }],
]

it.each(given)(
  '%s are stored key by key, in one application, and delivered to connected clients',
  async (part, settings) => {
    const { body } = await put(part, settings).expect(200)
    expect(body.settings).toMatchObject(settings)
    expect(await get(part)).toEqual(body.settings)
    expect(JSON.parse(presentResource(uiShapes[part], body.settings))).toEqual(body.settings)
    expect((await deliveredEvents(server, 'application.ui.updated')).at(-1)?.payload).toEqual({
      parts: [part],
    })
    const { body: other } = await (await server.createApplication()).get(path(part)).expect(200)
    expect(other.settings).not.toMatchObject(settings)
    const snake = await server.main
      .put(path(part), { settings })
      .set('accept', 'application/vnd.chatkitty+json')
      .expect(200)
    expect(snake.body.settings).toEqual(body.settings)
  },
)

it('PUT replaces all previous settings', async () => {
  await put('features', { message: { threads: 'disabled' } }).expect(200)
  await put('features', { emoji: { picker: 'disabled' } }).expect(200)
  expect(await get('features')).toMatchObject({
    emoji: { picker: 'disabled' },
    message: { threads: 'enabled' },
  })
})

it.each<[UiPart, Record<string, unknown>, string]>([
  ['features', { message: { reactions: 'off' } }, 'settings.message.reactions'],
  ['features', { message: { raections: 'disabled' } }, 'settings.message'],
  ['features', { $version: '9' }, 'settings.$version'],
  ['styles', { 'base-theme': 'pink' }, 'settings.base-theme'],
  ['styles', { overrides: { header: { color: 5 } } }, 'settings.overrides.header'],
  ['styles', { overrides: { heder: {} } }, 'settings.overrides'],
  ['elements', { bubble: { classMaps: {} } }, 'settings.bubble.template'],
])('%s such as %j are refused, with the invalid field', async (part, settings, field) => {
  const before = await get(part)
  const { body } = await put(part, settings).expect(400)
  expect(body).toMatchObject({ error: 'ClientError', field })
  expect(await get(part)).toEqual(before)
})
