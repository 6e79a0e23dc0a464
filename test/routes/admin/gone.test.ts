import type supertest from 'supertest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { expectRefusal } from '../../support/protects.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'

let server: TestServer
let owner: AdminClient
beforeAll(async () => {
  server = await startServer()
  owner = await createAdmin(server, 'owner')
})
afterAll(() => server.close())

/** Deletes an application and commits once the request waits for it. @returns the answer of the request */
async function whileDeleted(
  { id }: TestApplication,
  request: () => supertest.Test,
): Promise<supertest.Response> {
  const { pool } = server.ctx.db
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('delete from application where id = $1', [id])
    const answer = request().then((answer) => answer)
    const waiting = async () => (await pool.query('select from pg_locks where not granted')).rowCount
    await expect.poll(waiting).toBeGreaterThan(0)
    await client.query('commit')
    return await answer
  } finally {
    client.release()
  }
}

const features = { guestUsers: 'ENABLED', userCreatedChannels: 'ENABLED' }

it.each<[string, (application: TestApplication, webhookId: number) => supertest.Test]>([
  ['a new secret', ({ id }) => owner.post(`/applications/${id}/rotate-secret`, {})],
  [
    'a new secret with overlap',
    ({ id }) => owner.post(`/applications/${id}/rotate-secret`, { overlapSeconds: 60 }),
  ],
  ['its settings', (application) => application.put('/application/settings', { features })],
  ['its settings, by the admin API', ({ id }) => owner.patch(`/applications/${id}/settings`, features)],
  [
    'a webhook',
    ({ id }, webhookId) => owner.patch(`/applications/${id}/webhooks/${webhookId}`, { enabled: false }),
  ],
  ['a script', (application) => application.put('/runtimes/nodejs/initialization-script', { script: '1' })],
  ['packages', (application) => application.put('/runtimes/nodejs/dependencies', [])],
  ['variables', (application) => application.put('/runtimes/nodejs/environment-variables', { A: '1' })],
])('%s of an application that is deleted meanwhile answers 404', async (_, change) => {
  const application = await server.createApplication()
  await application.get('/runtimes/nodejs').expect(200)
  const webhook = { url: 'https://example.com/', events: ['*'] }
  const { body } = await owner.post(`/applications/${application.id}/webhooks`, webhook).expect(201)
  const answer = await whileDeleted(application, () => change(application, body.id))
  expectRefusal(answer, 404)
})
