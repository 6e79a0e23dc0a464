// Creates functions through the API, and reads their invocations.
import { expect } from 'vitest'
import type { FunctionDocument, InvocationDocument } from './documents.ts'
import type { TestApplication } from './server.ts'

/** Creates a function with its first version. */
export async function deploy(
  application: Pick<TestApplication, 'post'>,
  type: string,
  handlerScript: string,
): Promise<FunctionDocument> {
  const { body } = await application.post('/runtimes/nodejs/functions', { type, name: type }).expect(200)
  await application.post(`/functions/${body.id}/versions`, { handlerScript }).expect(200)
  return body
}

/** Returns the invocations of a function, newest first. */
export async function invocationsOf(
  application: Pick<TestApplication, 'get'>,
  { id }: { id: number },
  size = 100,
): Promise<InvocationDocument[]> {
  const { body } = await application.get(`/functions/${id}/invocations?size=${size}`).expect(200)
  return body._embedded.invocations
}

/** Resolves with the ended invocations once there are at least `count`. */
export async function endedInvocations(
  application: Pick<TestApplication, 'get'>,
  created: { id: number },
  count = 1,
): Promise<InvocationDocument[]> {
  const ended = async () =>
    (await invocationsOf(application, created)).filter(({ status }) => status !== 'RUNNING')
  await expect.poll(async () => (await ended()).length, { interval: 20 }).toBeGreaterThanOrEqual(count)
  return ended()
}
