// A function that tells what it was given, and the people and the channel whose events run it.
import { expect } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { callerOf } from '../support/as-user.ts'
import type { UserDocument } from '../support/documents.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { endedInvocations } from '../support/functions.ts'
import type { TestApplication } from '../support/server.ts'

/** A function that returns its event, and calls the API. */
export const teller = `async function handleEvent(event, context) {
  console.log('given', Object.keys(event).join())
  const { data } = await context.getApplicationApi().retrieveApplication()
  return { given: event, application: data.id }
}`

/** Creates two users, and a channel of which both are members. */
export async function scene(application: TestApplication) {
  const [ann, bob] = await Promise.all([
    createUser(application, { displayName: 'Ann' }),
    createUser(application, { displayName: 'Bob' }),
  ])
  const members = [{ id: ann.id }, { id: bob.id }]
  const channel = await createChannel(application, { type: 'PRIVATE', members })
  const as = (user: UserDocument): UserCaller => callerOf(application, user)
  return { ann, bob, channel, as }
}

/** The fields of an event that the tests read. */
export interface GivenEvent {
  user: UserDocument
  [field: string]: unknown
}

/** The event that a function received, which equals the `args` of its invocation. */
export async function given(application: TestApplication, created: { id: number }): Promise<GivenEvent> {
  const [invocation] = await endedInvocations(application, created)
  expect(invocation).toMatchObject({
    status: 'SUCCEEDED',
    versionNumber: 1,
    result: { payload: { application: application.id } },
    logs: [{ level: 'info', time: expect.stringMatching(/Z$/), text: expect.stringMatching(/^given /) }],
    durationMs: expect.any(Number),
  })
  expect(invocation?.result.payload).toMatchObject({ given: invocation?.args })
  return invocation?.args as GivenEvent
}
