// Erases persons through the admin API.
import { expect } from 'vitest'
import type { AdminClient } from '../../support/admin.ts'

/** Resolves with a job of the application at `path` once it has ended well. */
export async function finishedJob(owner: AdminClient, path: string, id: number) {
  const look = () => owner.get(`${path}/jobs/${id}`).expect(200)
  await expect
    .poll(look, { interval: 20 })
    .toMatchObject({ body: { state: expect.stringMatching(/FINISHED|FAILED/) } })
  const { body } = await look()
  expect(body).toMatchObject({ state: 'FINISHED' })
  return body
}

/** Erases a person of the application at `path`. @returns the job, which has ended */
export async function erase(
  owner: AdminClient,
  path: string,
  userId: number,
  messages: 'keep' | 'redact' | 'delete',
) {
  const { body: job } = await owner.post(`${path}/users/${userId}/erase`, { messages }).expect(202)
  return finishedJob(owner, path, job.id)
}
