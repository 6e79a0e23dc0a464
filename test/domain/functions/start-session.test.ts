import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startSession } from '#domain/sessions/start-session.ts'
import { createUser } from '../../support/factories.ts'
import { deploy, invocationsOf } from '../../support/functions.ts'
import { shareServer, type TestApplication, type TestServer } from '../../support/server.ts'

const type = 'user.attempted.start_session'
let server: TestServer
let application: TestApplication
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  application = await server.createApplication()
})

const start = (username: string, resume?: string) =>
  startSession(server.ctx, { apiKey: application.apiKey, username, authParams: { from: username }, resume })

it('a session that is resumed does not ask the function again', async () => {
  const guard = await deploy(application, type, 'async function handleEvent() {}')
  const { key } = await start('jane')
  const refuse = `async function handleEvent() { throw new Error('not any more') }`
  await application.post(`/functions/${guard.id}/versions`, { handlerScript: refuse }).expect(200)
  expect(await start('jane', key)).toMatchObject({ key, isResumed: true })
  expect(await invocationsOf(application, guard)).toHaveLength(1)
  await expect(start('jane', uuid())).rejects.toThrow('not any more')
  await expect(start('eve', key), 'nobody resumes what is of somebody else').rejects.toThrow('not any more')
})

it('the function runs once for each concurrent attempt, with its own parameters', async () => {
  const guard = await deploy(
    application,
    type,
    'async function handleEvent(event) { return event.authParams.from }',
  )
  const names = Array.from({ length: 12 }, (_, nth) => `user-${nth}`)
  await Promise.all(names.map((name) => start(name)))
  const payloads = (await invocationsOf(application, guard)).map(({ args, result }) => [
    args.username,
    result.payload,
  ])
  expect(payloads.sort()).toEqual(names.map((name) => [name, name]).sort())
})

it('a client and webhooks learn neither token nor secret from the error that refuses it', async () => {
  await server.ctx.db.query(
    {
      text: `insert into webhook (application_id, url, events, secret) values ($1, 'http://127.0.0.1:9', '{*}', '')`,
    },
    [application.id],
  )
  const refuse = `async function handleEvent(_, context) {
    const { accessToken } = context.getUserApi().configuration
    throw new Error(accessToken + '\\0 ' + process.env.CHATKITTY_CLIENT_SECRET)
  }`
  await deploy(application, type, refuse)
  await expect(start('jane')).rejects.toThrow(/^\*\*\*\ufffd \*\*\*$/)
  const told = await server.ctx.db.query(
    {
      text: `select d.payload from webhook_delivery d join webhook w on w.id = d.webhook_id
             where w.application_id = $1 and d.type = 'function.failed'`,
    },
    [application.id],
  )
  expect(told).toMatchObject([[{ error: { name: 'Error', message: '***\ufffd ***' } }]])
  await server.ctx.db.query({ text: 'delete from webhook where application_id = $1' }, [application.id])
})

it('a client connects though the database was away for a moment when the function had admitted it', async () => {
  const guard = await deploy(application, type, 'async function handleEvent() {}')
  const name = `away_${guard.id}`
  const run = (text: string) => server.ctx.db.query({ text }, [])
  await run(`create sequence ${name}`)
  await run(`
    create function ${name}() returns trigger language plpgsql as $$ begin
      if nextval('${name}') = 1 then raise exception 'gone' using errcode = '57P01'; end if;
      return new;
    end $$`)
  await run(`
    create trigger ${name} before update on function_invocation for each row
    when (new.function_id = ${guard.id}) execute function ${name}()`)
  expect(await start('jane')).toMatchObject({ isResumed: false })
  expect(await invocationsOf(application, guard)).toMatchObject([{ status: 'SUCCEEDED' }])
  await run(`drop function ${name} cascade`)
  await run(`drop sequence ${name}`)
})

it('functions of another application are not run', async () => {
  const other = await server.createApplication()
  await deploy(other, type, `async function handleEvent() { throw new Error('no') }`)
  await createUser(application, { name: 'jane' })
  expect(await start('jane')).toMatchObject({ isResumed: false })
})

it('a runtime whose environment cannot be decrypted refuses every session', async () => {
  await deploy(application, type, 'async function handleEvent() {}')
  await server.ctx.db.query(
    {
      text: `update runtime set environment = '\\x01' || sha512('x'), revision = revision + 1 where application_id = $1`,
    },
    [application.id],
  )
  await expect(start('jane')).rejects.toMatchObject({
    kind: 'AccessDeniedError',
    message: expect.stringContaining('could not run'),
  })
})
