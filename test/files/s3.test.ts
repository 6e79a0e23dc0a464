import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { v4 as uuid } from 'uuid'
import { expect, it } from 'vitest'
import { isDatabaseAway, toChatError } from '#errors.ts'
import { S3Store } from '#files/s3.ts'

it('a store that accepts requests and does not answer is given up, and answered 503', async () => {
  const connections: Socket[] = []
  const server = createServer((connection) => connections.push(connection.resume())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
  const settings = { bucket: 'files', region: 'us-east-1', endpoint: `http://127.0.0.1:${port}`, credentials }
  const store = new S3Store(settings, { connectMs: 50, answerMs: 50, partMs: 50 })
  async function* bytes() {
    yield Buffer.from('Hello')
  }
  const outcomes = await Promise.allSettled([
    store.delete(uuid()),
    store.open(uuid()),
    store.put(uuid(), bytes(), 100),
  ])
  for (const outcome of outcomes) {
    expect(outcome.status).toBe('rejected')
    if (outcome.status !== 'rejected') continue
    expect(toChatError(outcome.reason).status).toBe(503)
    expect(isDatabaseAway(outcome.reason), 'jobs would repeat it for ever').toBe(false)
  }
  for (const connection of connections) connection.destroy()
  server.close()
})

it('a store that cannot be reached is answered 503', async () => {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
  const endpoint = 'http://127.0.0.1:1'
  const store = new S3Store({ bucket: 'files', region: 'us-east-1', endpoint, credentials })
  const error = await store.delete(uuid()).catch((reason: unknown) => reason)
  expect([toChatError(error).status, isDatabaseAway(error)]).toEqual([503, false])
})
