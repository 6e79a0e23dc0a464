// Every operation of the admin API by all callers of the table.
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Context } from '#context.ts'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { roles } from '#resources/admin/role.ts'
import { type AdminServices, adminOperationsOf } from '#routes/admin/operations.ts'
import { type AdminClient, createAdmin } from '../support/admin.ts'
import { callerOf } from '../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { expectRefusal, fillPath } from '../support/protects.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { adminOperations } from './admin-table.ts'

let server: TestServer
let other: TestApplication
/** Keys by role, and by the applications that they are limited to. */
const keys: Record<string, AdminClient> = {}

beforeAll(async () => {
  server = await startServer({ RATE_LIMIT_PER_SECOND: 'off' })
  other = await server.createApplication()
  for (const role of roles) {
    keys[role] = await createAdmin(server, role)
    keys[`${role} here`] = await createAdmin(server, role, [server.main.id])
    keys[`${role} elsewhere`] = await createAdmin(server, role, [other.id])
  }
})
afterAll(() => server.close())

type Row = (typeof adminOperations)[number]
const titleOf = ({ method, path }: { method?: string | undefined; path?: string | undefined }) =>
  `${method} ${path}`
const declared = adminOperationsOf({} as Context, {} as AdminServices)
const rows = adminOperations.map((row): [string, Row] => [titleOf(row), row])

/** Paths of missing resources in an existing application: callers with access get a 404. */
function pathOf({ path = '' }: Row, application = server.main.id): string {
  return fillPath(path, (name) =>
    name === 'id' && path.startsWith('/applications') ? application : 999_999_999,
  )
}

async function ask(path: string, method: string, headers: Record<string, string>) {
  const body = ['POST', 'PUT', 'PATCH'].includes(method) ? '{}' : undefined
  const answer = await fetch(`${server.url}/admin/v1${path}`, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body }),
  })
  const isStream = answer.headers.get('content-type') === 'text/event-stream'
  if (isStream) await answer.body?.cancel()
  const text = isStream ? '' : await answer.text()
  const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
  return { status: answer.status, type, text }
}

const askAs = async (who: string, row: Row, application?: number) =>
  ask(pathOf(row, application), row.method ?? '', { authorization: `Bearer ${keys[who]?.key}` })

it('has a row for each operation, and none for others', () => {
  expect(adminOperations.map(titleOf).toSorted()).toEqual(declared.map(titleOf).toSorted())
})

describe.each(rows.filter(([, { role }]) => role !== 'anybody'))('%s', (_title, row) => {
  const { role = '', path = '', method = '' } = row
  const least = roles.indexOf(role as (typeof roles)[number])

  it('is refused without credentials', async () => {
    const at = pathOf(row)
    const { token, clientSecret, apiKey } = server.main
    expectRefusal(await ask(at, method, {}), 401, 'unauthorized')
    for (const bearer of [token, clientSecret, apiKey, `ck_admin_${uuid()}`, '']) {
      expectRefusal(await ask(at, method, { authorization: `Bearer ${bearer}` }), 401, 'invalid_token')
    }
    expectRefusal(await ask(at, method, { cookie: `chatterie_session=${uuid()}` }), 401, 'invalid_token')
  })

  it('is allowed for its role and higher ones', async () => {
    for (const [rank, each] of roles.entries()) {
      for (const who of [each, `${each} here`]) {
        const isDeleted = rank >= least && titleOf(row) === 'DELETE /applications/:id'
        const { status } = await askAs(who, row, isDeleted ? 999_999_999 : undefined)
        if (rank < least) expect([who, status]).toEqual([who, 403])
        else expect([who, status]).not.toEqual([who, 401])
        const isBeyond = who !== each && titleOf(row) === 'POST /applications'
        if (rank >= least && !isBeyond) expect([200, 201, 202, 204, 400, 404]).toContain(status)
      }
    }
  })

  it.runIf(path.startsWith('/applications/:id'))(
    'answers 404 to operators who are limited to other applications',
    async () => {
      for (const each of roles)
        expectRefusal(await askAs(`${each} elsewhere`, row), 404, 'ResourceNotFoundError')
    },
  )
})

describe('the audit log', () => {
  /** Another application, because the rows above have replaced a secret. */
  let place: TestApplication
  beforeAll(async () => {
    place = await server.createApplication()
  })

  /** A request that succeeds, by the title of its operation. */
  const writes: Record<string, () => Promise<[path: string, body?: object]>> = {
    'POST /operators': async () => ['/operators', { username: uuid(), password: uuid(), role: 'viewer' }],
    'PATCH /operators/:id': async () => [`/operators/${await anOperator()}`, { role: 'moderator' }],
    'DELETE /operators/:id': async () => [`/operators/${await anOperator()}`],
    'POST /keys': async () => ['/keys', { name: 'x', role: 'viewer' }],
    'DELETE /keys/:id': async () => {
      const { body } = await owner().post('/keys', { name: 'x', role: 'viewer' })
      return [`/keys/${body.id}`]
    },
    'POST /applications': async () => ['/applications', { name: 'x' }],
    'PATCH /applications/:id': async () => [inside(''), { name: 'y' }],
    'DELETE /applications/:id': async () => [inside('', await server.createApplication())],
    'POST /applications/:id/rotate-secret': async () => [
      inside('/rotate-secret', await server.createApplication()),
    ],
    'PATCH /applications/:id/settings': async () => [inside('/settings'), { guestUsers: 'ENABLED' }],
    'DELETE /applications/:id/users/:userId': async () => [inside(`/users/${await aUser()}`)],
    'POST /applications/:id/users/:userId/ban': async () => [inside(`/users/${await aUser()}/ban`), {}],
    'DELETE /applications/:id/users/:userId/ban': async () => {
      const path = inside(`/users/${await aUser()}/ban`)
      await owner().post(path).expect(200)
      return [path]
    },
    'PATCH /applications/:id/channels/:channelId': async () => [
      inside(`/channels/${(await createChannel(place)).id}`),
      { messagesPersisted: false },
    ],
    'DELETE /applications/:id/channels/:channelId': async () => [
      inside(`/channels/${(await createChannel(place)).id}`),
    ],
    'DELETE /applications/:id/messages/:messageId': async () => {
      const channel = await createChannel(place)
      return [inside(`/messages/${(await sendMessage(place, channel.id)).id}`)]
    },
    'POST /applications/:id/reports/:reportId/resolve': async () => {
      const id = await aUser()
      const channel = await createChannel(place, { members: [{ id }] })
      const message = await sendMessage(place, channel.id)
      await reportMessage(server.ctx, callerOf(place, { id }), message.id, { reason: 'x' })
      const { body } = await owner().get(inside('/reports'))
      return [inside(`/reports/${body.items[0].id}/resolve`), { action: 'keep' }]
    },
    'PUT /applications/:id/ui/features': async () => [inside('/ui/features'), { settings: {} }],
    'PUT /applications/:id/ui/styles': async () => [inside('/ui/styles'), { settings: {} }],
    'PUT /applications/:id/ui/elements': async () => [inside('/ui/elements'), { settings: {} }],
    'POST /applications/:id/imports/users': async () => [inside('/imports/users'), items],
    'POST /applications/:id/imports/channels': async () => [inside('/imports/channels'), items],
    'POST /applications/:id/imports/messages': async () => [inside('/imports/messages'), items],
    'POST /applications/:id/imports/channels/:channelId/members': async () => [
      inside(`/imports/channels/${(await createChannel(place)).id}/members`),
      items,
    ],
    'POST /applications/:id/exports/messages': async () => [inside('/exports/messages')],
    'POST /applications/:id/exports/users': async () => [inside('/exports/users')],
    'POST /applications/:id/functions': async () => [inside('/functions'), chatFunction],
    'PATCH /applications/:id/functions/:functionId': async () => [await aFunction(), { enabled: false }],
    'PUT /applications/:id/functions/:functionId/draft': async () => [`${await aFunction()}/draft`, script],
    'POST /applications/:id/functions/:functionId/versions': async () => [
      `${await aFunction()}/versions`,
      script,
    ],
    'POST /applications/:id/functions/:functionId/try': async () => [
      `${await aFunction()}/try`,
      { ...script, event: {} },
    ],
    'POST /applications/:id/users/:userId/export': async () => [inside(`/users/${await aUser()}/export`)],
    'POST /applications/:id/users/:userId/erase': async () => [
      inside(`/users/${await aUser()}/erase`),
      { messages: 'keep' },
    ],
    'POST /applications/:id/retention/run': async () => [inside('/retention/run')],
    'POST /applications/:id/webhooks': async () => [inside('/webhooks'), webhook],
    'PATCH /applications/:id/webhooks/:webhookId': async () => [await aWebhook(), { enabled: false }],
    'DELETE /applications/:id/webhooks/:webhookId': async () => [await aWebhook()],
    'POST /applications/:id/webhooks/:webhookId/rotate-secret': async () => [
      `${await aWebhook()}/rotate-secret`,
    ],
    'POST /applications/:id/webhooks/:webhookId/test': async () => [`${await aWebhook()}/test`],
    'POST /applications/:id/webhooks/:webhookId/replay': async () => [
      `${await aWebhook()}/replay`,
      { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' },
    ],
    'POST /applications/:id/webhooks/:webhookId/deliveries/:deliveryId/replay': async () => {
      const path = await aWebhook()
      const { body } = await owner().post(`${path}/test`).expect(202)
      return [`${path}/deliveries/${body.id}/replay`]
    },
  }
  /** The fields of a form, for imports. */
  const items = Buffer.from('[]')
  const chatFunction = { type: 'user.sent.message', name: 'Echo' }
  const script = { handlerScript: 'async function handleEvent() {}' }
  const aFunction = async () => {
    const { body } = await owner().post(inside('/functions'), chatFunction).expect(201)
    return inside(`/functions/${body.id}`)
  }
  const webhook = { url: 'http://127.0.0.1:1/', events: ['*'], enabled: false }
  const aWebhook = async () => {
    const { body } = await owner().post(inside('/webhooks'), webhook).expect(201)
    return inside(`/webhooks/${body.id}`)
  }
  /** Keys have no sessions; see test/routes/admin/operators.test.ts. */
  const ofOperators = ['POST /session', 'DELETE /session']

  const owner = () => keys.owner as AdminClient
  const inside = (path: string, { id } = place) => `/applications/${id}${path}`
  const aUser = async () => (await createUser(place)).id
  const anOperator = async () => {
    const made = { username: uuid(), password: uuid(), role: 'viewer' }
    return (await owner().post('/operators', made)).body.id
  }

  it('covers every write', () => {
    const all = adminOperations.filter(({ method }) => method !== 'GET').map(titleOf)
    expect([...Object.keys(writes), ...ofOperators].toSorted()).toEqual(all.toSorted())
  })

  it.each(Object.entries(writes))('%s is recorded, with the operator who did it', async (title, prepare) => {
    const [method = ''] = title.split(' ')
    const [path, body] = await prepare()
    const { body: before } = await owner().get('/audit?limit=1')
    const send = owner()[method.toLowerCase() as 'post' | 'put' | 'patch' | 'delete']
    const { status } = await (Buffer.isBuffer(body)
      ? send(path).attach('file', body, 'x.json')
      : send(path, body))
    expect([200, 201, 202, 204]).toContain(status)
    const { body: after } = await owner().get('/audit?limit=5')
    // The server records the outcome of jobs that earlier rows started.
    const noted = after.items.filter(
      ({ id, actor }: { id: number; actor: { type: string } }) =>
        id > before.items[0].id && actor.type !== 'system',
    )
    expect(noted).not.toEqual([])
    for (const { actor } of noted) expect(actor).toMatchObject({ type: 'key', name: 'owner' })
  })
})
