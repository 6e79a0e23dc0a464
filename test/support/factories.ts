// Creates the resources that tests need, through the API.
import { v4 as uuid } from 'uuid'
import type { ChannelDocument, MessageDocument, UserDocument } from './documents.ts'
import type { TestApplication } from './server.ts'

/** Creates a user, with a random name by default. */
export async function createUser(
  application: TestApplication,
  fields: Record<string, unknown> = {},
): Promise<UserDocument> {
  const name = `user-${uuid()}`
  const { body } = await application
    .post('/users', { name, displayName: name, isGuest: false, ...fields })
    .expect(200)
  return body
}

/** Creates a channel, PUBLIC by default. */
export async function createChannel(
  application: TestApplication,
  fields: Record<string, unknown> = {},
): Promise<ChannelDocument> {
  const { body } = await application.post('/channels', { type: 'PUBLIC', ...fields }).expect(200)
  return body
}

/** Sends a text message, a system message unless `fields` name a user. */
export async function sendMessage(
  application: TestApplication,
  channelId: number,
  fields: Record<string, unknown> = {},
): Promise<MessageDocument> {
  const { body } = await application
    .post(`/channels/${channelId}/messages`, { type: 'TEXT', body: 'Hello, World!', ...fields })
    .expect(200)
  return body
}

/** A tuple of `Count` items, so that tests can destructure it. */
type Times<T, Count extends number, Made extends T[] = []> = number extends Count
  ? T[]
  : Made['length'] extends Count
    ? Made
    : Times<T, Count, [...Made, T]>

/** Creates `count` items concurrently. */
export function several<T, const Count extends number>(
  count: Count,
  make: (at: number) => Promise<T>,
): Promise<Times<T, Count>> {
  return Promise.all(Array.from({ length: count }, (_, at) => make(at))) as Promise<Times<T, Count>>
}
