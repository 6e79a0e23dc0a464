// If the database's disk is full, requests are answered as if it were unavailable: clients should retry.
import supertest from 'supertest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { toChatError } from '#errors.ts'
import { messageHypermedia } from '#resources/message.ts'
import { StompClient } from '../../stomp/stomp-client.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { expectRefusal } from '../../support/protects.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Makes Postgres report a full disk when a message is written. */
const fill = () =>
  server.ctx.db.pool.query(`
    create function full_disk() returns trigger language plpgsql as
      $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$;
    create trigger full_disk before insert or update or delete on message execute function full_disk()`)

it('a full disk is 503 with Retry-After, and the same on the errors queue', async () => {
  const user = await createUser(server.main)
  const channel = await createChannel(server.main, { creator: { id: user.id } })
  const message = await sendMessage(server.main, channel.id, { user: { id: user.id } })
  await fill()
  const answer = await server.main.post(`/channels/${channel.id}/messages`, {
    type: 'TEXT',
    body: 'Hello',
    user: { id: user.id },
  })
  expectRefusal(answer, 503, 'ServiceUnavailableError')
  expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/)
  expect(answer.text).not.toContain('extend')

  const port = Number(new URL(server.url).port)
  const client = await StompClient.connect(
    port,
    { 'StompX-User': user.name },
    `/rtm/websocket?api-key=${server.main.apiKey}`,
  )
  await client.ask('SUBSCRIBE', { id: 'errors', destination: '/user/queue/errors' })
  const destination = messageHypermedia.actions.delete.at({ id: message.id })
  client.send(`SEND\ndestination:${destination}\nreceipt:r\n\n{}\0`)
  const { body } = await client.next()
  expect(JSON.parse(body).error).toBe('ServiceUnavailableError')
  client.ws.close()
})

it('a database that is read-only is 503 with Retry-After, also when a token is requested', async () => {
  await server.ctx.db.pool.query(`
    create function read_only() returns trigger language plpgsql as
      $$ begin raise exception 'cannot execute INSERT in a read-only transaction' using errcode = '25006'; end $$;
    create trigger read_only before insert on access_token execute function read_only()`)
  const answer = await supertest(server.url)
    .post('/oauth/token')
    .auth(server.main.clientId, server.main.clientSecret)
    .type('form')
    .send({ grant_type: 'client_credentials' })
  await server.ctx.db.pool.query('drop trigger read_only on access_token')
  expectRefusal(answer, 503, 'ServiceUnavailableError')
  expect(answer.headers['retry-after']).toMatch(/^\d+$/)
})

it('a Postgres that is starting is 503, whichever connection asked it', async () => {
  const { db } = server.ctx
  await db.pool.query(`
    create function starting() returns trigger language plpgsql as
      $$ begin raise exception 'the database system is starting up' using errcode = '57P03'; end $$;
    create trigger starting before update on application execute function starting()`)
  const change = { where: { id: server.main.id }, data: { guestUsers: 'ENABLED' } } as const
  const errors = await Promise.all([
    db.prisma.application.update(change).catch((error) => error),
    db.pool.query(`update application set guest_users = 'ENABLED'`).catch((error) => error),
  ])
  expect(errors.map((error) => toChatError(error).status)).toEqual([503, 503])
})

const full = ['53100', '53200', '53300', '25006', 'ENOSPC', 'EDQUOT', 'EROFS', 'P2037']
/** While the host or its name is away, the password is being changed, or the database restored. */
const unreachable = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  '28P01',
  '3D000',
  'P1008',
]
it.each([...full, ...unreachable])('%s is 503', (code) => {
  expect(toChatError(Object.assign(new Error('no'), { code })).status).toBe(503)
})

it('any other fault is 500', () => {
  expect(toChatError(Object.assign(new Error('no'), { code: 'ENOENT' })).status).toBe(500)
})
