// Imports and exports through the front door.
import type supertest from 'supertest'
import { expect } from 'vitest'
import type { JobDocument } from './documents.ts'
import type { TestApplication } from './server.ts'

/** Sends a file to import: `users`, `messages` … or `channels/7/members`. */
export function upload(application: TestApplication, what: string, content: string | Buffer): supertest.Test {
  return application
    .post(`/imports/${what}`)
    .attach('file', Buffer.from(content), { filename: 'import.json', contentType: 'application/json' })
}

/** Imports items, or what is given as the file's very text, and waits for the end of it. */
export async function importFile(
  application: TestApplication,
  what: string,
  items: unknown[] | string | Buffer,
): Promise<JobDocument> {
  const content = Array.isArray(items) ? JSON.stringify(items) : items
  const { body } = await upload(application, what, content).expect(202)
  return ended(application, body.id)
}

/** The job once it has ended. */
export async function ended(application: TestApplication, jobId: number): Promise<JobDocument> {
  const { body } = await expect
    .poll(() => application.get(`/jobs/${jobId}`).expect(200), { timeout: 20_000, interval: 20 })
    .toMatchObject({ body: { state: expect.stringMatching(/^(FINISHED|FAILED)$/) } })
    .then(() => application.get(`/jobs/${jobId}`).expect(200))
  return body
}
