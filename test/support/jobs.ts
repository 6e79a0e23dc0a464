// Runs imports and exports through the API.
import type supertest from 'supertest'
import { expect } from 'vitest'
import type { JobDocument } from './documents.ts'
import type { TestApplication } from './server.ts'

/** Uploads a file to import; `what` is `users`, `messages` … or `channels/7/members`. */
export function upload(application: TestApplication, what: string, content: string | Buffer): supertest.Test {
  return application
    .post(`/imports/${what}`)
    .attach('file', Buffer.from(content), { filename: 'import.json', contentType: 'application/json' })
}

/** Imports items, or the exact content of a file, and waits until the job has ended. */
export async function importFile(
  application: TestApplication,
  what: string,
  items: unknown[] | string | Buffer,
): Promise<JobDocument> {
  const content = Array.isArray(items) ? JSON.stringify(items) : items
  const { body } = await upload(application, what, content).expect(202)
  return endedJob(application, body.id)
}

/** Resolves with the job once it has ended. */
export async function endedJob(application: TestApplication, jobId: number): Promise<JobDocument> {
  const { body } = await expect
    .poll(() => application.get(`/jobs/${jobId}`).expect(200), { interval: 20 })
    .toMatchObject({ body: { state: expect.stringMatching(/^(FINISHED|FAILED)$/) } })
    .then(() => application.get(`/jobs/${jobId}`).expect(200))
  return body
}
