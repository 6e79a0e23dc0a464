// Moderation: users, channels, messages, reports and bans.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { startSession } from '#domain/sessions/start-session.ts'
import { Session } from '../../security/world.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { callerOf } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { expectRefusal } from '../../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
let application: TestApplication
let moderator: AdminClient
beforeAll(async () => {
  server = await shareServer()
  application = await server.createApplication()
  moderator = await createAdmin(server, 'moderator')
})
afterAll(() => server.close())

const at = (path: string, { id } = application) => `/applications/${id}${path}`

/** Returns all items of a list, read in parts. */
async function all(path: string, limit = 2): Promise<{ id: number }[]> {
  const items = []
  for (let cursor = ''; ; ) {
    const separator = path.includes('?') ? '&' : '?'
    const { body } = await moderator.get(at(`${path}${separator}limit=${limit}${cursor}`)).expect(200)
    items.push(...body.items)
    if (body.next === undefined) return items
    cursor = `&cursor=${encodeURIComponent(body.next)}`
  }
}

const ids = (items: { id: number }[]) => items.map(({ id }) => id)

describe('users', () => {
  it('are found by name and by display name, whatever the case', async () => {
    const { id } = await createUser(application, { name: 'Zoë%', displayName: 'Zoé' })
    await createUser(application, { name: 'zoo' })
    expect(ids(await all('/users?query=ZO%C3%8B%25'))).toEqual([id])
    expect(ids(await all('/users?query=zo%C3%A9'))).toEqual([id])
    const { body } = await moderator.get(at(`/users/${id}`)).expect(200)
    expect(body).toMatchObject({ id, name: 'Zoë%', presence: { online: false } })
    expect(body.displayPictureUrl).toMatch(/^http:\/\/127/)
    expect(Date.parse(body.createdTime)).toBeGreaterThan(0)
  })

  it('are listed by name in pages, each of them once', async () => {
    const other = await server.createApplication()
    const made = await Promise.all(['b', 'A', 'c', 'a', 'B'].map((name) => createUser(other, { name })))
    const listed: { name: string }[] = []
    for (let cursor = ''; ; ) {
      const { body } = await moderator.get(at(`/users?limit=2${cursor}`, other)).expect(200)
      listed.push(...body.items)
      if (body.next === undefined) break
      cursor = `&cursor=${body.next}`
    }
    expect(listed.map(({ name }) => name.toLowerCase())).toEqual(['a', 'a', 'b', 'b', 'c'])
    expect(new Set(listed.map(({ name }) => name)).size).toBe(made.length)
  })
})

describe('channels', () => {
  it('show their number of members and messages, and their members', async () => {
    const user = await createUser(application)
    const channel = await createChannel(application, { members: [{ id: user.id }] })
    await sendMessage(application, channel.id)
    const { body } = await moderator.get(at(`/channels/${channel.id}`)).expect(200)
    expect(body).toMatchObject({ id: channel.id, type: 'PUBLIC', counts: { members: 1, messages: 1 } })
    expect(ids(await all(`/channels/${channel.id}/members`))).toEqual([user.id])
    expect(ids(await all(`/users/${user.id}/channels`))).toEqual([channel.id])
    expect(ids(await all(`/channels?query=${channel.name}&type=PUBLIC`))).toEqual([channel.id])
    expect(await all(`/channels?query=${channel.name}&type=PRIVATE`)).toEqual([])
  })

  it('and users are deleted by developers', async () => {
    const [user, channel] = [await createUser(application), await createChannel(application)]
    const developer = await createAdmin(server, 'developer')
    await developer.delete(at(`/users/${user.id}`)).expect(204)
    await developer.delete(at(`/channels/${channel.id}`)).expect(204)
    await application.get(`/users/${user.id}`).expect(404)
    await application.get(`/channels/${channel.id}`).expect(404)
  })
})

describe('messages', () => {
  it('are listed newest first, and narrowed down by text, author, channel and time', async () => {
    const user = await createUser(application)
    const [here, there] = [await createChannel(application), await createChannel(application)]
    const first = await sendMessage(application, here.id, { body: 'one 100% apple', user: { id: user.id } })
    const second = await sendMessage(application, here.id, { body: 'two pears' })
    const third = await sendMessage(application, there.id, { body: 'three APPLES', user: { id: user.id } })
    const of = async (query: string) => ids(await all(`/messages?${query}`))
    expect((await of('')).slice(0, 3)).toEqual([third.id, second.id, first.id])
    expect(await of(`username=${user.name}`)).toEqual([third.id, first.id])
    expect(await of(`channel=${here.id}`)).toEqual([second.id, first.id])
    expect(await of(`channel=${encodeURIComponent(there.name)}&query=apple`)).toEqual([third.id])
    expect(await of(`query=0%25&username=${user.name}`)).toEqual([first.id])
    expect(await of('channel=nowhere')).toEqual([])
    expect(await of('username=nobody')).toEqual([])
    expect(await of(`channel=${here.id}&from=${second.createdTime}`)).toContain(second.id)
    expect(await of(`channel=${here.id}&to=${first.createdTime}`)).toEqual([])
  })

  it('of a period are listed in pages by time, however long the gaps between them', async () => {
    const channel = await createChannel(application)
    const sent = []
    for (let count = 0; count < 6; count++) sent.push((await sendMessage(application, channel.id)).id)
    const [moved, year, twoAtOnce, ofThem, week, now] = sent
    const ago: [number | undefined, number][] = [
      [year, 365 * 24],
      [moved, 3 * 365 * 24],
      [twoAtOnce, 180 * 24],
      [ofThem, 180 * 24],
      [week, 7 * 24],
    ]
    const began = Date.now()
    const timeOf = (hours: number) => new Date(began - hours * 3_600_000).toISOString()
    for (const [id, hours] of ago)
      await server.ctx.db.query({ text: 'update message set created_time = $2 where id = $1' }, [
        id,
        timeOf(hours),
      ])
    const of = async (query: string) => ids(await all(`/messages?channel=${channel.id}&${query}`, 1))
    expect(await of(`to=${timeOf(-1)}`)).toEqual([now, week, ofThem, twoAtOnce, year, moved])
    expect(await of(`from=${timeOf(180 * 24)}`)).toEqual([now, week, ofThem, twoAtOnce])
    expect(await of(`from=${timeOf(366 * 24)}&to=${timeOf(7 * 24)}`)).toEqual([ofThem, twoAtOnce, year])
    expect(await of(`from=${timeOf(364 * 24)}&to=${timeOf(181 * 24)}`)).toEqual([])
    expect(await of('to=0001-01-01T00:00:00Z')).toEqual([])
    for (const values of [['1'], ['2026-13-01 10:00:00+00', '1'], ['2026-02-30 10:00:00.1+00', '1']]) {
      const cursor = Buffer.from(JSON.stringify(values)).toString('base64url')
      await moderator.get(at(`/messages?from=${timeOf(1)}&cursor=${cursor}`)).expect(400)
    }
  })

  it('are read with the messages before and after', async () => {
    const channel = await createChannel(application)
    const sent = []
    for (let count = 0; count < 5; count++) sent.push(await sendMessage(application, channel.id))
    const [, , middle] = sent
    const { body } = await moderator.get(at(`/messages/${middle?.id}/conversation?limit=1`)).expect(200)
    expect(ids(body.items)).toEqual(ids(sent.slice(1, 4)))
    const { body: alone } = await moderator.get(at(`/messages/${middle?.id}`)).expect(200)
    expect(alone).toMatchObject({ id: middle?.id, channelId: channel.id })
  })

  it('are deleted for everybody', async () => {
    const channel = await createChannel(application)
    const message = await sendMessage(application, channel.id)
    await moderator.delete(at(`/messages/${message.id}`)).expect(204)
    await moderator.delete(at(`/messages/${message.id}`)).expect(404)
    await application.get(`/messages/${message.id}`).expect(404)
  })

  it('of other applications are not found', async () => {
    const channel = await createChannel(server.main)
    const message = await sendMessage(server.main, channel.id)
    await moderator.get(at(`/messages/${message.id}`)).expect(404)
    await moderator.get(at(`/messages/${message.id}/conversation`)).expect(404)
    await moderator.delete(at(`/messages/${message.id}`)).expect(404)
    expect(await all(`/messages?channel=${channel.id}`)).toEqual([])
  })
})

describe('reports', () => {
  /** Creates a message that these users have reported. */
  async function reported(...reasons: string[]) {
    const author = await createUser(application)
    const channel = await createChannel(application)
    const message = await sendMessage(application, channel.id, { user: { id: author.id } })
    for (const reason of reasons) {
      const user = await createUser(application)
      await application.post(`/channels/${channel.id}/members`, { id: user.id }).expect(200)
      await reportMessage(server.ctx, callerOf(application, user), message.id, { reason })
    }
    const { body } = await moderator.get(at('/reports?state=open')).expect(200)
    return { author, message, reports: body.items.slice(0, reasons.length) }
  }

  it('are open until an operator resolves the message, which resolves all of its reports', async () => {
    const { message, reports } = await reported('spam', 'rude')
    const [newer, older] = reports
    expect(newer).toMatchObject({
      state: 'open',
      reason: 'rude',
      messageId: message.id,
      message: { id: message.id, reportCount: 2 },
    })
    expect(newer.reporter.id).not.toBe(older.reporter.id)
    const path = at(`/reports/${older.id}/resolve`)
    const { body: kept } = await moderator.post(path, { action: 'keep' }).expect(200)
    expect(kept).toMatchObject({
      id: older.id,
      state: 'resolved',
      resolution: { action: 'keep', by: 'moderator' },
    })
    expectRefusal(await moderator.post(path, { action: 'delete' }), 409, 'ConflictError')
    expect(ids(await all('/reports?state=open'))).not.toContain(newer.id)
    expect(ids(await all('/reports?state=resolved')).slice(0, 2)).toEqual([newer.id, older.id])
    expect(ids(await all('/reports')).slice(0, 2)).toEqual([newer.id, older.id])
    const { body: shown } = await application.get(`/messages/${message.id}`).expect(200)
    expect(shown.reportCount).toBeUndefined()
  })

  it('are kept when their message is deleted', async () => {
    const { message, reports } = await reported('spam')
    const path = at(`/reports/${reports[0].id}/resolve`)
    const { body } = await moderator.post(path, { action: 'delete' }).expect(200)
    expect(body).toMatchObject({ state: 'resolved', messageId: message.id, resolution: { action: 'delete' } })
    expect(body.message).toBeUndefined()
    await application.get(`/messages/${message.id}`).expect(404)
  })

  it('are resolved only by a valid action on an existing report', async () => {
    const { reports } = await reported('spam')
    const path = at(`/reports/${reports[0].id}/resolve`)
    expect((await moderator.post(path, { action: 'burn' }).expect(400)).body).toMatchObject({
      field: 'action',
    })
    await moderator.post(path).expect(400)
    await moderator.post(at('/reports/999999999/resolve'), { action: 'keep' }).expect(404)
    const elsewhere = at(`/reports/${reports[0].id}/resolve`, server.main)
    await moderator.post(elsewhere, { action: 'keep' }).expect(404)
    await moderator.get(at('/reports?state=lost')).expect(400)
  })
})

describe('a banned user', () => {
  const connect = (name: string) => Session.connect(server.url, application.apiKey, name)

  it('is disconnected with the reason, and can connect again once the ban is lifted', async () => {
    const user = await createUser(application)
    const session = await connect(user.name)
    if (typeof session === 'string') throw new Error(session)
    const { body: live } = await moderator.get(at('/sessions')).expect(200)
    expect(live.items[0]).toMatchObject({ state: 'ACTIVE', user: { id: user.id } })

    const { body: banned } = await moderator
      .post(at(`/users/${user.id}/ban`), { reason: 'spam & more' })
      .expect(200)
    expect(banned).toMatchObject({ id: user.id, ban: { reason: 'spam & more', createdBy: 'moderator' } })
    const { command, body } = await session.stomp.next()
    expect(command).toBe('ERROR')
    expect(JSON.parse(body)).toMatchObject({
      error: 'AccessDeniedError',
      message: 'The user is banned: spam & more',
    })
    const { body: none } = await moderator.get(at('/sessions')).expect(200)
    expect(none.items).toEqual([])
    const { body: seen } = await application.get(`/users/${user.id}`).expect(200)
    expect(seen.presence).toEqual({ status: 'UNAVAILABLE', online: false })
    expect(await connect(user.name)).toBe('403')
    const start = startSession(server.ctx, {
      apiKey: application.apiKey,
      username: user.name,
      authParams: {},
      resume: session.key,
    })
    await expect(start).rejects.toMatchObject({ kind: 'AccessDeniedError', message: /spam & more/ })
    expect(ids(await all('/users?banned=true'))).toContain(user.id)

    await moderator.delete(at(`/users/${user.id}/ban`)).expect(204)
    await moderator.delete(at(`/users/${user.id}/ban`)).expect(404)
    expect(ids(await all('/users?banned=true'))).not.toContain(user.id)
    const again = await connect(user.name)
    if (typeof again === 'string') throw new Error(again)
    again.stomp.ws.terminate()
  })

  it('is disconnected with the reason, even if the event of the ban passed before the session was known', async () => {
    const user = await createUser(application)
    const session = await connect(user.name)
    if (typeof session === 'string') throw new Error(session)
    const text = `insert into user_ban (application_id, user_id, reason, created_by) values ($1, $2, 'late', 'x')`
    await server.ctx.db.run({ text }, [application.id, user.id])
    const { command, body } = await session.stomp.next()
    expect([command, JSON.parse(body).message]).toEqual(['ERROR', 'The user is banned: late'])
  })

  it('sends nothing, by whatever request on its behalf', async () => {
    const user = await createUser(application)
    const channel = await createChannel(application)
    const root = await sendMessage(application, channel.id)
    await moderator.post(at(`/users/${user.id}/ban`), { reason: 'spam' }).expect(200)
    const text = { type: 'TEXT', body: 'x' }
    for (const [path, as] of [
      [`/channels/${channel.id}/messages`, { user: { id: user.id } }],
      [`/channels/${channel.id}/messages`, { user: { username: user.name } }],
      [`/threads/${root.id}/messages`, { user: { id: user.id } }],
      [`/channels/${channel.id}/keystrokes`, { keys: 'x', user: { username: user.name } }],
      [`/threads/${root.id}/keystrokes`, { keys: 'x', user: { id: user.id } }],
    ] as const) {
      const refused = await application.post(path, { ...text, ...as }).expect(403)
      expect(refused.body).toEqual({
        error: 'access_denied',
        error_description: 'The user is banned: spam',
      })
    }
    const form = await application
      .post(`/channels/${channel.id}/messages`)
      .field('username', user.name)
      .attach('file', Buffer.from('x'), 'x.txt')
    expect(form.status).toBe(403)
    expect(await all(`/messages?username=${user.name}`)).toEqual([])
    await sendMessage(application, channel.id)
  })

  it('is banned until a given time', async () => {
    const user = await createUser(application)
    const channel = await createChannel(application)
    const path = at(`/users/${user.id}/ban`)
    const until = new Date(Date.now() + 60_000).toISOString()
    const { body } = await moderator.post(path, { until }).expect(200)
    expect(body.ban).toMatchObject({ until })
    const send = () =>
      application.post(`/channels/${channel.id}/messages`, { type: 'TEXT', body: 'x', user: { id: user.id } })
    await send().expect(403)
    await server.ctx.db.prisma.userBan.update({ where: { userId: user.id }, data: { until: new Date() } })
    await send().expect(200)
    const { body: free } = await moderator.get(at(`/users/${user.id}`)).expect(200)
    expect(free.ban).toBeUndefined()
    const past = new Date(Date.now() - 1).toISOString()
    expect((await moderator.post(path, { until: past }).expect(400)).body).toMatchObject({ field: 'until' })
    await moderator.post(at('/users/999999999/ban')).expect(404)
    await moderator.post(at(`/users/${user.id}/ban`, server.main)).expect(404)
  })

  it('does not stay connected where it connects at the same moment', async () => {
    const user = await createUser(application)
    for (let round = 0; round < 5; round++) {
      const connecting = connect(user.name)
      await moderator.post(at(`/users/${user.id}/ban`)).expect(200)
      const session = await connecting
      if (typeof session !== 'string') await session.stomp.closed
      const open = await server.ctx.db.prisma.userSession.count({
        where: { userId: user.id, state: 'ACTIVE' },
      })
      expect(open).toBe(0)
      await moderator.delete(at(`/users/${user.id}/ban`)).expect(204)
    }
  })
})
