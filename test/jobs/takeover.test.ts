// Server processes that share a database share its jobs.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type ServerProcess, startServerProcess } from '../support/process.ts'
import { cloneDatabase } from '../support/server.ts'

const messagesMax = 20_000

/** The fields of responses that this test reads. */
interface Answer {
  id: number
  processed: number
  page: { total: number }
}

it('another process resumes an import within seconds after its own died', async () => {
  const database = await cloneDatabase()
  const home = await mkdtemp(join(tmpdir(), 'chatterie-takeover-'))
  const start = () =>
    startServerProcess({
      CHATTERIE_HOME: home,
      DATABASE_URL: database.url,
      CHATTERIE_CLIENT_ID: 'takeover',
      CHATTERIE_CLIENT_SECRET: 'test-secret',
    })
  const [first, second] = [await start(), await start()]
  try {
    const headers = { authorization: `Bearer ${await tokenOf(first)}` }
    const call = async (server: ServerProcess, path: string, init: RequestInit = {}): Promise<Answer> =>
      (await (
        await fetch(`${server.url}/v1${path}`, { ...init, headers: { ...headers, ...init.headers } })
      ).json()) as Answer
    const channel = await call(first, '/channels', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'PUBLIC' }),
    })
    const items = Array.from({ length: messagesMax }, (_, at) => ({
      type: 'SYSTEM_TEXT',
      channelId: channel.id,
      body: `message ${at}`,
    }))
    const body = new FormData()
    body.append('file', new Blob([JSON.stringify(items)]), 'import.json')
    const { id } = await call(first, '/imports/messages', { method: 'POST', body })
    await expect
      .poll(async () => (await call(first, `/jobs/${id}`)).processed, { interval: 10 })
      .toBeGreaterThan(0)
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')

    const left = await call(second, `/jobs/${id}`)
    expect(left).toMatchObject({ state: 'RUNNING' })
    await expect
      .poll(async () => (await call(second, `/jobs/${id}`)).processed)
      .toBeGreaterThan(left.processed)
    await expect
      .poll(() => call(second, `/jobs/${id}`))
      .toMatchObject({ state: 'FINISHED', processed: messagesMax, failed: 0 })
    expect((await call(second, `/channels/${channel.id}/messages?size=1`)).page.total).toBe(messagesMax)
  } finally {
    first.child.kill('SIGKILL')
    await second.end('SIGTERM')
    await database.drop()
    await rm(home, { recursive: true, force: true })
  }
})

async function tokenOf({ url }: ServerProcess): Promise<string> {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('takeover:test-secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}
