// Imports and exports through the admin API.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { createChannel, createUser } from '../../support/factories.ts'
import { expectRefusal } from '../../support/protects.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let developer: AdminClient
let inside: string
beforeAll(async () => {
  server = await startServer({ IMPORT_SIZE_MAX: '1000' })
  developer = await createAdmin(server, 'developer')
  inside = `/applications/${server.main.id}`
})
afterAll(() => server.close())

const upload = (path: string, content: unknown) =>
  developer.post(inside + path).attach('file', Buffer.from(JSON.stringify(content)), 'items.json')

async function ended(id: number) {
  const job = async () => (await developer.get(`${inside}/jobs/${id}`).expect(200)).body
  await expect.poll(job, { interval: 20 }).toMatchObject({ endedTime: expect.any(String) })
  return job()
}

it('imports a file, and says which items could not be stored', async () => {
  const items = [
    { name: 'mary', displayName: 'Mary' },
    { name: 'broken', displayName: 7 },
  ]
  const { body: job } = await upload('/imports/users', items).expect(202)
  expect(job).toMatchObject({ type: 'USER_IMPORT', state: 'PENDING' })
  expect(await ended(job.id)).toMatchObject({
    state: 'FINISHED',
    processed: 2,
    failed: 1,
    errors: [{ index: 1, reason: expect.stringContaining('displayName') }],
  })
})

it('imports members into a channel of the application, and of no other', async () => {
  const user = await createUser(server.main)
  const { id } = await createChannel(server.main)
  const { body: job } = await upload(`/imports/channels/${id}/members`, [{ username: user.name }]).expect(202)
  expect(await ended(job.id)).toMatchObject({ state: 'FINISHED', failed: 0 })
  const other = await server.createApplication()
  const { id: elsewhere } = await createChannel(other)
  expectRefusal(await upload(`/imports/channels/${elsewhere}/members`, []), 404, 'ResourceNotFoundError')
})

it('exports to a file that is downloaded with the same key, and with no lower role', async () => {
  await createUser(server.main, { name: 'exported' })
  const { body: job } = await developer.post(`${inside}/exports/users`).expect(202)
  const { file } = await ended(job.id)
  expect(file).toBe(`${server.url}/admin/v1${inside}/jobs/${job.id}/file`)
  const path = `${inside}/jobs/${job.id}/file`
  const answer = await developer.get(path).expect(200)
  expect(answer.headers['content-disposition']).toContain('user-analytics.csv')
  expect(answer.text).toContain('exported')
  expect(answer.headers['cache-control'], 'it is not kept by a browser that signs out').toBe(
    'private, no-store',
  )
  const viewer = await createAdmin(server, 'viewer')
  expectRefusal(await viewer.get(path), 403, 'access_denied')
  const other = await server.createApplication()
  expectRefusal(
    await developer.get(path.replace(inside, () => `/applications/${other.id}`)),
    404,
    'ResourceNotFoundError',
  )
})

it('has no file for a job that wrote none, and accepts only a form with a file within the limit', async () => {
  const { body: job } = await upload('/imports/users', []).expect(202)
  expectRefusal(await developer.get(`${inside}/jobs/${job.id}/file`), 404, 'ResourceNotFoundError')
  const missing = await developer.post(`${inside}/imports/users`, []).expect(400)
  expect(missing.body).toMatchObject({ error: 'ClientError', field: 'file' })
  const empty = await developer.post(`${inside}/imports/users`).field('x', 'y').expect(400)
  expect(empty.body).toMatchObject({ error: 'ClientError', field: 'file' })
  await upload('/imports/users', 'x'.repeat(2_000)).expect(413)
  const form = await developer.post(`${inside}/webhooks`).attach('file', Buffer.from('x'), 'x').expect(415)
  expect(form.body.error).toBe('UnsupportedMediaTypeError')
})
