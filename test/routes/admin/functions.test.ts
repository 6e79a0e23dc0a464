// Functions through the admin API: drafts, test runs, deployments.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FunctionType } from '#resources/function.ts'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { expectRefusal } from '../../support/protects.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let developer: AdminClient
let inside: string
beforeAll(async () => {
  server = await shareServer()
  developer = await createAdmin(server, 'developer')
  inside = `/applications/${server.main.id}/functions`
})
afterAll(() => server.close())

async function create(type = 'user.sent.message'): Promise<string> {
  const { body } = await developer.post(inside, { type, name: 'Echo' }).expect(201)
  expect(body).toMatchObject({ type, enabled: true, currentVersionNumber: 0 })
  return `${inside}/${body.id}`
}

const script = (text: string) => ({ handlerScript: `async function handleEvent(event) { ${text} }` })

it('keeps a draft beside the running version, until it is deployed', async () => {
  const path = await create()
  expect((await developer.get(`${path}/draft`).expect(200)).body).toEqual({
    handlerScript: '',
    tag: expect.any(String),
  })
  await developer.post(`${path}/versions`, script('return 1')).expect(201)
  expect((await developer.get(`${path}/draft`)).body).toMatchObject(script('return 1'))

  const unfinished = { handlerScript: 'async function handleEvent(' }
  const { body: saved } = await developer.put(`${path}/draft`, unfinished).expect(200)
  expect(saved).toEqual({ ...unfinished, tag: expect.any(String), savedTime: expect.any(String) })
  await developer.post(`${path}/versions`, script('return 2')).expect(201)
  expect((await developer.get(`${path}/draft`)).body).toEqual(saved)

  await developer.put(`${path}/draft`, script('return 3')).expect(200)
  await developer.post(`${path}/versions`, script('return 3')).expect(201)
  expect((await developer.get(`${path}/draft`)).body).toMatchObject(script('return 3'))
  const { body: versions } = await developer.get(`${path}/versions`).expect(200)
  expect(versions.items.map(({ versionNumber }: { versionNumber: number }) => versionNumber)).toEqual([
    3, 2, 1,
  ])
})

it('does not overwrite a draft that somebody else has saved since it was opened', async () => {
  const path = await create()
  const { tag } = (await developer.get(`${path}/draft`)).body
  const save = (text: string, replaces?: string) =>
    developer.put(`${path}/draft`, { ...script(text), ...(replaces && { replaces }) })
  const both = await Promise.all([save('return 1', tag), save('return 2', tag)])
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
  const first = both.find(({ status }) => status === 200)?.body
  expect((await developer.get(`${path}/draft`)).body).toEqual(first)

  await save('return 3', first.tag).expect(200)
  await save('return 3', first.tag).expect(200) // repeated, because the answer was lost
  expectRefusal(await save('return 4', first.tag), 409, 'ConflictError')
  await save('return 4').expect(200) // whoever does not say what they edited overwrites
})

it('tests a script with an event, and neither deploys nor records it', async () => {
  const path = await create()
  const body = {
    ...script('console.log("got", event.message.body); return { it: event.message.body }'),
    event: { message: { body: 'Ahoy' } },
  }
  const { body: trial } = await developer.post(`${path}/try`, body).expect(200)
  expect(trial).toMatchObject({ status: 'SUCCEEDED', result: { payload: { it: 'Ahoy' } } })
  expect(trial.logs).toMatchObject([{ level: 'info', text: 'got Ahoy' }])
  const { body: thrown } = await developer
    .post(`${path}/try`, { ...script('throw new Error("no")'), event: {} })
    .expect(200)
  expect(thrown).toMatchObject({ status: 'FAILED', result: { error: { message: 'no', reason: 'threw' } } })
  expect((await developer.get(path)).body.currentVersionNumber).toBe(0)
  expect((await developer.get(`${path}/invocations`)).body.items).toEqual([])
})

it('does not reveal the token and the secret of its client to operators who test a script', async () => {
  const path = await create()
  const text = 'console.log(process.env.CHATKITTY_CLIENT_SECRET); return process.env.CHATKITTY_CLIENT_SECRET'
  const { body } = await developer.post(`${path}/try`, { ...script(text), event: {} }).expect(200)
  expect(body).toMatchObject({ result: { payload: '***' }, logs: [{ text: '***' }] })
})

it('tests a script within the time that a function of its type has', async () => {
  const trialOf = async (type: string, ms: number) => {
    const slow = script(`await new Promise((end) => setTimeout(end, ${ms})); return "late"`)
    return (await developer.post(`${await create(type)}/try`, { ...slow, event: {} }).expect(200)).body
  }
  const [awaited, later] = await Promise.all([
    trialOf('user.attempted.start_session', 60_000),
    trialOf('user.sent.message', 5_100),
  ])
  const error = { reason: 'timeout', message: expect.stringContaining('more than 5000 ms') }
  expect(awaited).toMatchObject({ status: 'FAILED', result: { error } })
  expect(later).toMatchObject({ status: 'SUCCEEDED', result: { payload: 'late' } })
})

it.each(FunctionType.options)('has a sample of %s with which such a function can be tested', async (type) => {
  const path = await create(type)
  const { body } = await developer.get(`${path}/sample-event`).expect(200)
  const { body: trial } = await developer
    .post(`${path}/try`, { ...script('return Object.keys(event)'), event: body.event })
    .expect(200)
  expect(trial.result.payload).toEqual(Object.keys(body.event))
  expect(trial.result.payload.length).toBeGreaterThan(1)
})

it.each([
  ['try', { handlerScript: 'function (', event: {} }, 'handlerScript'],
  ['try', { ...script(''), event: [] }, 'event'],
  ['try', script(''), 'event'],
  ['versions', { handlerScript: 'function (' }, 'handlerScript'],
  ['versions', { handlerScript: ' ' }, 'handlerScript'],
])('refuses %s of %j and names the field', async (what, body, field) => {
  const refused = await developer.post(`${await create()}/${what}`, body).expect(400)
  expect(refused.body).toMatchObject({ error: 'ClientError', field })
})

it('switches a function off, and answers 404 for those of other applications', async () => {
  const path = await create()
  const { body } = await developer.patch(path, { enabled: false }).expect(200)
  expect(body.enabled).toBe(false)
  const other = await server.createApplication()
  const there = path.replace(`/${server.main.id}/`, () => `/${other.id}/`)
  expectRefusal(await developer.get(there), 404, 'ResourceNotFoundError')
  expectRefusal(await developer.get(`${there}/draft`), 404, 'ResourceNotFoundError')
  expectRefusal(await developer.put(`${there}/draft`, script('')), 404, 'ResourceNotFoundError')
  expectRefusal(
    await developer.post(`${there}/try`, { ...script(''), event: {} }),
    404,
    'ResourceNotFoundError',
  )
  expectRefusal(await developer.post(`${there}/versions`, script('')), 404, 'ResourceNotFoundError')
})
