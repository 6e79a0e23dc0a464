// A removal in batches is completed even if the server is killed between two batches.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { type ServerProcess, startServerProcess } from '../support/process.ts'

const messages = 12_000

let home: string
let server: ServerProcess
const start = async () => {
  server = await startServerProcess({
    CHATTERIE_HOME: home,
    CHATTERIE_CLIENT_ID: 'crash',
    CHATTERIE_CLIENT_SECRET: 'test-secret',
  })
}
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'chatterie-removal-'))
  await start()
})
afterAll(async () => {
  await server.end('SIGTERM')
  await rm(home, { recursive: true, force: true })
})

async function count(text: string, values: unknown[] = []): Promise<number> {
  const connectionString = (await findEmbeddedPostgres(join(home, 'postgres'))) ?? ''
  const client = new pg.Client({ connectionString })
  await client.connect()
  const { rows } = await client.query(text, values).finally(() => client.end())
  return Number(rows[0].count)
}

/** The fields of a channel or of a page that are read. */
interface Answered {
  id: number
  page: { total: number }
}

async function send(method: string, path: string, token: string, body?: unknown) {
  const answer = await fetch(`${server.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Answered }
}

it('a deleted channel is removed with all that was in it', async () => {
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('crash:test-secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const { body: channel } = await send('POST', '/channels', token, { type: 'PUBLIC', name: 'large' })
  const { body: other } = await send('POST', '/channels', token, { type: 'PUBLIC', name: 'other' })
  await send('POST', `/channels/${other.id}/messages`, token, { type: 'TEXT', body: 'stays' })
  await count(
    `with sent as (
       insert into message (application_id, channel_id, type, body)
       select application_id, id, 'SYSTEM_TEXT', 'message ' || n from channel, generate_series(1, ${messages}) n
       where id = $1 returning application_id, channel_id
     ), told as (
       insert into outbox_event (application_id, type, channel_id, count, payload)
       select application_id, 'channel.message.created', channel_id, count(*), '{}' from sent group by 1, 3
     )
     select count(*) from sent`,
    [channel.id],
  )
  const left = () => count('select count(*) from message where channel_id = $1', [channel.id])
  expect((await send('DELETE', `/channels/${channel.id}`, token)).status).toBe(200)
  await expect.poll(left, { interval: 5 }).toBeLessThan(messages)
  server.child.kill('SIGKILL')
  await once(server.child, 'exit')
  await start()
  expect((await send('GET', `/channels/${channel.id}`, token)).status).toBe(404)
  const channels = () => count('select count(*) from channel where id = $1', [channel.id])
  await expect.poll(channels, { interval: 50 }).toBe(0)
  expect(await left()).toBe(0)
  expect(await count(`select processed as count from job where type = 'CHANNEL_DELETION'`)).toBe(messages)
  const { body: page } = await send('GET', '/messages', token)
  expect(page.page.total).toBe(1)
})
