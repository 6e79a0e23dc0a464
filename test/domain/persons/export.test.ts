// What there is of a person is written down for them.
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminClient, createAdmin } from '../../support/admin.ts'
import { createUser } from '../../support/factories.ts'
import type { TestApplication, TestServer } from '../../support/server.ts'
import type { Receiver } from '../../webhooks/receiver.ts'
import { finishedJob } from './erase.ts'
import { openWorld, plantPerson } from './person.ts'
import { unzip } from './zip.ts'

let server: TestServer
let owner: AdminClient
let receiver: Receiver
let main: TestApplication
let path: string
let close: () => Promise<void>
beforeAll(async () => {
  ;({ server, owner, receiver, main, path, close } = await openWorld())
})
afterAll(() => close())

describe('an export', () => {
  it('is a ZIP with all data and files of a person', async () => {
    const name = `jane-${uuid().slice(0, 8)}`
    const { person, answer, file } = await plantPerson(
      { server, owner, receiver, main, path },
      name,
      `Jane Quill ${name.slice(5)}`,
    )
    const developer = await createAdmin(server, 'developer')
    const { body: job } = await developer.post(`${path}/users/${person.id}/export`).expect(202)
    expect(job.type).toBe('PERSON_EXPORT')
    const { processed } = await finishedJob(owner, path, job.id)
    expect(processed).toBeGreaterThan(8)
    const answered = await developer.get(`${path}/jobs/${job.id}/file`).responseType('blob').expect(200)
    expect(answered.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': expect.stringContaining(`user-${person.id}.zip`),
    })
    const files = unzip(answered.body)
    const json = (part: string) => JSON.parse(String(files.get(`${part}.json`)))
    expect(json('profile')).toMatchObject([
      { id: person.id, name, properties: { email: `${name}@example.org` } },
    ])
    expect(json('memberships')).toHaveLength(2)
    expect(json('messages').map(({ body }: { body: string }) => body)).toContain('a secret')
    expect(json('reactions')).toMatchObject([{ messageId: answer.id }])
    expect(json('reads').length).toBeGreaterThan(0)
    expect(json('sessions')).toMatchObject([{ userAgent: `${name}'s phone`, chatSessions: [{}] }])
    expect(json('notifications').length).toBeGreaterThan(0)
    expect(json('reports')).toMatchObject([{ messageId: answer.id }])
    expect(json('manifest')).toMatchObject({ userId: person.id, files: 2, rows: { memberships: 2 } })
    const sent = [...files].find(([name]) => name.endsWith('.txt'))
    expect(String(sent?.[1])).toContain('a letter of')
    expect(sent?.[0]).toContain(file.file.url.split('/').at(-2))
  })

  it("contains no one else's data: it is refused for other applications, unknown users, and operators without the role", async () => {
    const user = await createUser(main)
    const other = await server.createApplication()
    await owner.post(`/applications/${other.id}/users/${user.id}/export`).expect(404)
    await owner.post(`${path}/users/999999999/export`).expect(404)
    await (await createAdmin(server, 'moderator')).post(`${path}/users/${user.id}/export`).expect(403)
    await owner.get(`${path}/jobs/999999999/file`).expect(404)
  })
})
