// Restores snapshots, and reads their files.
import type { TestApiServer } from '../support/test-api.ts'

export const restore = ({ testApi }: TestApiServer, id: number, snapshot: number) =>
  testApi.post(`/worlds/${id}/restore`).send({ snapshot }).expect(200)

export const fileOf = async ({ testApi }: TestApiServer, id: number): Promise<string> =>
  (await testApi.get(`/snapshots/${id}`).buffer(true).expect(200)).text
