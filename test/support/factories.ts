// What a test needs to be there, made through the front door.
import { v4 as uuid } from 'uuid'
import type { TestApplication } from './server.ts'

// biome-ignore lint/suspicious/noExplicitAny: documents as a client sees them
type Document = any

/** A user; its name is random unless given. */
export async function createUser(
  application: TestApplication,
  fields: Record<string, unknown> = {},
): Promise<Document> {
  const name = `user-${uuid()}`
  const { body } = await application
    .post('/users', { name, displayName: name, isGuest: false, ...fields })
    .expect(200)
  return body
}

/** A PUBLIC channel, unless `fields` say otherwise. */
export async function createChannel(
  application: TestApplication,
  fields: Record<string, unknown> = {},
): Promise<Document> {
  const { body } = await application.post('/channels', { type: 'PUBLIC', ...fields }).expect(200)
  return body
}

/** A text message; the system's, unless `fields` name a user. */
export async function sendMessage(
  application: TestApplication,
  channelId: number,
  fields: Record<string, unknown> = {},
): Promise<Document> {
  const { body } = await application
    .post(`/channels/${channelId}/messages`, { type: 'TEXT', body: 'Hello, World!', ...fields })
    .expect(200)
  return body
}
