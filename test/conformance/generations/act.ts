// The participants of an act: two users with clients of one generation, and a backend.
import type { Channel, Message } from '@chatkitty/core'
import { expect } from 'vitest'
import { createChannel } from '../../support/factories.ts'
import type { TestApplication, TestServer } from '../../support/server.ts'
import { uniqueName } from '../realtime.ts'
import type { Chat, Origin, Person } from './person.ts'

export interface Stage {
  server: TestServer
  application: TestApplication
  origin: Origin
  ann: Person
  ben: Person
  /** Both have entered it. */
  channel: Channel
  annChat: Chat
  benChat: Chat
}

export interface Act {
  /** Regular expressions that match the code of clients that support the act. */
  uses: string[]
  play(stage: Stage): Promise<void>
}

interface Thing {
  id: number | string
}

export const same =
  ({ id }: Thing) =>
  (other: Thing) =>
    other.id === id

/** A new channel of both, created by the backend, as ann sees it. */
export async function aChannelOfBoth(
  { application, ann, ben }: Stage,
  fields: object = {},
): Promise<Channel> {
  const members = [ann, ben].map(({ name }) => ({ username: name }))
  const { id } = await createChannel(application, { name: uniqueName('room'), members, ...fields })
  return seenBy(ann, id)
}

export async function seenBy(person: Person, channelId: number): Promise<Channel> {
  return (await person.do('getChannel|retrieveChannel', channelId)).channel
}

/** Sends as ann to the channel that both have entered. */
export async function say({ ann, channel }: Stage, body: string): Promise<Message> {
  return (await ann.do('sendMessage', { channel, body })).message
}

/** Sends as ann, and returns the message that ben received. */
export async function sayToBen(stage: Stage, body: string): Promise<Message> {
  const { id } = await say(stage, body)
  return (await stage.benChat.message.next(same({ id })))[0]
}

/** Checks that exactly one such item was received. */
export function once<T>(items: [T, ...unknown[]][], isIt: (item: T) => boolean): void {
  expect(items.filter(([item]) => isIt(item))).toHaveLength(1)
}
