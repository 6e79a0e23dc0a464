// All callers in the tables of this folder, with their credentials, and one resource of each kind.

import { v4 as uuid } from 'uuid'
import { insertToken } from '#data/applications/tokens.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { readChannel } from '#domain/messages/reading/read-channel.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import { callerOf } from '../support/as-user.ts'
import { createUser } from '../support/factories.ts'
import type { TestApplication, TestServer } from '../support/server.ts'

/** A text in all data of the main application: others who receive it have seen data that is not theirs. */
export const treasure = 'treasure'

export interface Person {
  id: number
  name: string
}

const names = ['moderator', 'author', 'member', 'outsider', 'guest', 'blocked'] as const
export type Name = (typeof names)[number]
export type People = Record<Name, Person>

export async function createPeople(application: TestApplication): Promise<People> {
  const created = names.map(async (name) => {
    const fields = { displayName: `${treasure} ${name}`, isGuest: name === 'guest' }
    return [name, await createUser(application, { name: `${treasure}-${name}-${uuid()}`, ...fields })]
  })
  return Object.fromEntries(await Promise.all(created))
}

export type ChannelKind = 'PUBLIC' | 'PRIVATE' | 'DIRECT'

/** One resource of each kind in a channel. A direct channel has the members `moderator` (only in name) and `member`. */
export interface Place {
  channelId: number
  /** A message by the author, or in a direct channel by the moderator. */
  messageId: number
  /** A reply to it by the moderator, or in a direct channel by the member. */
  replyId: number
  /** The block of the blocked user in a group channel. */
  recordId: number
}

/** @param active the users who report the message, react to it and read everything; by default all members */
export async function createPlace(
  { ctx }: Pick<TestServer, 'ctx'>,
  application: TestApplication,
  people: People,
  type: ChannelKind,
  active?: Name | 'other',
): Promise<Place> {
  const { moderator, author, member, blocked } = people
  const as = (person: Person) => callerOf(application, person)
  const isDirect = type === 'DIRECT'
  const others = isDirect ? [member] : [author, member]
  const members = others.map(({ id }) => ({ id }))
  const name = { name: `${treasure}-${uuid()}` }
  const { channel } = await createChannel(ctx, as(moderator), {
    type,
    members,
    ...(!isDirect && name),
  })
  const text = { type: 'TEXT' as const, body: treasure }
  const writer = as(isDirect ? moderator : author)
  const message = await sendMessage(ctx, writer, { channelId: channel.id }, text)
  const reply = await replyToMessage(ctx, as(isDirect ? member : moderator), message.id, text)
  for (const person of [moderator, ...others].filter((each) => !active || people[active as Name] === each)) {
    await reportMessage(ctx, as(person), message.id, { reason: treasure })
    await reactToMessage(ctx, as(person), message.id, { emoji: 'tada' })
    await readChannel(ctx, as(person), channel.id)
  }
  const record = isDirect
    ? { id: 0 }
    : await blockChannelUser(ctx, as(moderator), channel.id, { id: blocked.id })
  return { channelId: channel.id, messageId: message.id, replyId: reply.id, recordId: record.id }
}

/** Returns a token with only these scopes. */
export async function createToken(
  { ctx }: Pick<TestServer, 'ctx'>,
  { id, clientId }: TestApplication,
  scopes: string[],
  expiresAt = Date.now() + 600_000,
): Promise<string> {
  const token = uuid()
  await insertToken(ctx.db, token, { applicationId: id, clientId, scope: scopes.join(' '), expiresAt })
  return token
}

/** The credentials of a deleted application. */
export async function createDeletedApplication(server: TestServer): Promise<TestApplication> {
  const application = await server.createApplication()
  await server.ctx.db.prisma.application.delete({ where: { id: BigInt(application.id) } })
  server.ctx.tokens.forget()
  return application
}

// ---------------------------------------------------------------------------------------- in real time

/** Returns the server's answer in the words of the tables. */
const answers: Record<string, string> = {
  AccessDeniedError: '403',
  ResourceNotFoundError: '404',
  ClientError: '400',
  ValidationError: '400',
  FeatureDisabledError: 'off',
}

/** A session whose client sends one request at a time. */
export class Session {
  readonly stomp: StompClient
  /** The key with which the session could be resumed. */
  readonly key: string
  /** Everything that it received. */
  shown = ''
  #asked = 0

  /** @returns the session, or the answer that refuses it */
  static async connect(url: string, apiKey: string | undefined, name: string): Promise<Session | string> {
    const query = apiKey === undefined ? '' : `?api-key=${encodeURIComponent(apiKey)}`
    const stomp = await StompClient.open(Number(new URL(url).port), `/rtm/websocket${query}`)
    stomp.send(frame('CONNECT', { 'accept-version': '1.2', ...(name && { 'StompX-User': name }) }))
    const { command, headers, body } = await stomp.next()
    if (command !== 'CONNECTED') return answerOf(body)
    await stomp.ask('SUBSCRIBE', { id: 'errors', destination: '/user/queue/errors' })
    return new Session(stomp, headers.session ?? '')
  }

  private constructor(stomp: StompClient, key: string) {
    this.stomp = stomp
    this.key = key
  }

  /** Subscribes to a relay or a topic, or sends to an action. @returns a cell of the tables */
  async ask(destination: string, body?: unknown, filters: Record<string, string> = {}): Promise<string> {
    this.#asked += 1
    const id = `ask-${this.#asked}`
    const isAction = !destination.startsWith('/topic/') && !/\.relay($|\.)/.test(destination)
    const command = isAction ? 'SEND' : 'SUBSCRIBE'
    const headers = { ...filters, ...(!isAction && { id }), destination, receipt: id }
    this.stomp.send(frame(command, headers, isAction ? JSON.stringify(body ?? {}) : ''))
    for (;;) {
      const { command, headers, body } = await this.stomp.next()
      this.shown += body
      if (command === 'ERROR') return `ended: ${body}`
      const isAboutIt = headers['receipt-id'] === id || headers['subscription-id'] === id
      if (headers.subscription === 'errors' && isAboutIt) return answerOf(body)
      if (command === 'RECEIPT' && isAboutIt) break
    }
    if (destination.startsWith('/topic/')) this.stomp.send(frame('UNSUBSCRIBE', { id }))
    return 'yes'
  }
}

function answerOf(body: string): string {
  const { error } = JSON.parse(body)
  return answers[error] ?? error
}

/** Connects a user who must be admitted. */
export async function connect(url: string, apiKey: string, { name }: Pick<Person, 'name'>): Promise<Session> {
  const session = await Session.connect(url, apiKey, name)
  if (typeof session === 'string') throw new Error(`${name} was refused: ${session}`)
  return session
}
