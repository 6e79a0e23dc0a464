// A Postgres of the user's own, 15 or later, shared by several processes.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MessageDocument, PageDocument } from './support/documents.ts'
import { type ServerProcess, startServerProcess } from './support/process.ts'

const administration = process.env.TEST_DATABASE_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres'
const version = await serverVersion()

async function administer(statement: string): Promise<string> {
  const client = new pg.Client({ connectionString: administration, connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    return Object.values((await client.query(statement)).rows[0] ?? {}).join()
  } finally {
    await client.end()
  }
}

async function serverVersion(): Promise<string | undefined> {
  return administer('show server_version').catch(() => undefined)
}

const title = version
  ? `on the Postgres ${version} of DATABASE_URL`
  : 'on DATABASE_URL (no Postgres answers there)'

describe.skipIf(!version)(title, () => {
  const database = `chatterie_${uuid().replaceAll('-', '')}`
  const url = new URL(administration)
  url.pathname = `/${database}`
  const credentials = { CHATTERIE_CLIENT_ID: 'shared', CHATTERIE_CLIENT_SECRET: 'a shared secret' }
  let home: string
  let servers: ServerProcess[]

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'chatterie-nodes-'))
    await administer(`create database ${database} template template0 encoding 'UTF8'`)
    servers = await Promise.all(
      [1, 2].map((node) =>
        startServerProcess({
          DATABASE_URL: url.href,
          CHATTERIE_HOME: join(home, String(node)),
          CHATTERIE_ENCRYPTION_KEY: '5a'.repeat(32),
          ...credentials,
        }),
      ),
    )
  })
  afterAll(async () => {
    for (const server of servers ?? []) expect(await server.end('SIGTERM')).toBe(0)
    await administer(`drop database ${database} with (force)`)
    await rm(home, { recursive: true, force: true })
  })

  async function call<T = { id: number }>(
    server: ServerProcess | undefined,
    path: string,
    body?: unknown,
  ): Promise<T> {
    const answer = await fetch(`${server?.url}/v1${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    })
    expect(answer.status).toBe(200)
    return (await answer.json()) as T
  }
  type Messages = PageDocument<'messages', MessageDocument>
  let token: string

  it('processes that start at the same time create one application, and each accepts the tokens of the other', async () => {
    const [first, second] = servers
    const answer = await fetch(`${first?.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('shared:a shared secret')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    token = ((await answer.json()) as { access_token: string }).access_token
    expect((await call(second, '/application')).id).toBe((await call(first, '/application')).id)
  })

  it('what one process writes the other reads at once, totals and search included', async () => {
    const [first, second] = servers
    const user = await call(first, '/users', { name: 'jane', displayName: 'Jane', isGuest: false })
    const channel = await call(second, '/channels', {
      type: 'PUBLIC',
      name: 'lobby',
      members: [{ id: user.id }],
    })
    const sends = Array.from({ length: 20 }, (_, at) =>
      call(servers[at % 2], `/channels/${channel.id}/messages`, {
        type: 'TEXT',
        body: `Message ${at} for <@jane>`,
        user: { username: 'jane' },
      }),
    )
    await Promise.all(sends)
    for (const server of servers) {
      const list = await call<Messages>(server, `/channels/${channel.id}/messages`)
      expect(list.page.total).toBe(20)
      expect(list._embedded.messages).toHaveLength(20)
      const found = await call<Messages>(server, `/messages?query=message 7`)
      expect(found._embedded.messages).toMatchObject([{ mentions: [{ user: { id: user.id } }] }])
      expect((await call<Messages>(server, '/channels?members=jane')).page.totalElements).toBe(1)
    }
  })
})
