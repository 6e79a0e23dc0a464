// Uses worlds one after another, and fails if one contains anything that was not put into it.
import assert from 'node:assert/strict'
import { workerData } from 'node:worker_threads'
import { connectChatterie } from '#testing/index.ts'

/** The parts of answers that are used. */
interface Body {
  id: number
  page: { totalElements: number }
  _embedded: { messages: { body: string }[] }
}

const { url, worlds } = workerData as { url: string; worlds: number }
const chatterie = await connectChatterie(url)
for (let at = 0; at < worlds; at++) {
  const world = await chatterie.createWorld({ seed: { users: [{ name: 'jane', displayName: 'Jane' }] } })
  const ask = async (method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await fetch(`${world.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${world.accessToken}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    })
    assert.ok(answer.ok, `${method} ${path} answered ${answer.status}`)
    return (await answer.json()) as Body
  }
  const channel = await ask('POST', '/channels', { type: 'PUBLIC', name: 'lobby' })
  const message = { type: 'TEXT', body: `In ${world.id}`, user: { username: 'jane' } }
  await ask('POST', `/channels/${channel.id}/messages`, message)
  const { _embedded: seen } = await ask('GET', '/messages')
  assert.deepEqual(
    seen.messages.map(({ body }) => body),
    [message.body],
  )
  const { page } = await ask('GET', '/channels')
  assert.equal(page.totalElements, 1)
  await world.remove()
}
