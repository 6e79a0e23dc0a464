// A channel of two users, of which one is about to lose its connection.
import { v4 as uuid } from 'uuid'
import { expect } from 'vitest'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import type { TestApplication, TestServer } from '../support/server.ts'
import { Phone } from './phone.ts'

export const messages = (id: number) => `/topic/channels/${id}.messages`
export const own = (user: { id: number }, name: string) => `/topic/users/${user.id}.${name}`
export const say = (app: TestApplication, id: number, body: string) => sendMessage(app, id, { body })

/** Creates a private channel of two users: one subscribes with a phone, the other stays connected as a witness. */
export async function openChat(server: TestServer, app: TestApplication) {
  const [a, b] = await Promise.all([createUser(app), createUser(app)])
  const members = [{ id: a.id }, { id: b.id }]
  const channel = await createChannel(app, { type: 'PRIVATE', name: uuid(), members })
  const phone = new Phone(server, app, b.name)
  await phone.connect()
  const topics = [own(b, 'channels'), messages(channel.id), `/topic/channels/${channel.id}.keystrokes`]
  expect(await phone.listen(...topics)).toEqual([undefined, undefined, undefined])
  const witness = new Phone(server, app, a.name)
  await witness.connect()
  await witness.listen(messages(channel.id))
  return { a, b, channel, phone, witness, topics }
}

export type Chat = Awaited<ReturnType<typeof openChat>>

/** Resolves when all events so far are delivered to the connected clients. */
export async function delivered(
  app: TestApplication,
  { channel, witness }: Pick<Chat, 'channel' | 'witness'>,
): Promise<void> {
  const mark = uuid()
  await say(app, channel.id, mark)
  await expect.poll(() => witness.bodies(channel.id), { interval: 5 }).toContain(mark)
}
