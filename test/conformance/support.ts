// Helpers for the tests of both SDKs.
import { v4 as uuid } from 'uuid'
import { expect } from 'vitest'
import type {
  Answers,
  ChannelDocument,
  FunctionDocument,
  MessageDocument,
  UserDocument,
} from '../support/documents.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import type { TestApplication, TestServer } from '../support/server.ts'

/** A method of an SDK as seen from JavaScript, which accepts whatever the API accepts. */
export type Call<Data = unknown> = (
  ...args: unknown[]
) => Promise<{ status: number; headers: Record<string, unknown>; data: Data }>

/** An SDK without its own types, which declare Set and object for lists and values. */
export type Untyped<Sdk> = {
  [Api in keyof Sdk]: {
    [Method in keyof Sdk[Api]]: Call<Method extends keyof Answers ? Answers[Method] : unknown>
  }
}

export function untyped<Sdk>(sdk: Sdk): Untyped<Sdk> {
  return sdk as Untyped<Sdk>
}

/** The configuration of either SDK. */
export function configurationFor({ url }: TestServer, { clientId, clientSecret }: TestApplication) {
  return { clientId, clientSecret, basePath: url, authorizationBasePath: `${url}/oauth/token` }
}

export const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

/** `_links` below a base. */
export function linksBelow(base: string, paths: Record<string, string>) {
  return Object.fromEntries(Object.entries(paths).map(([rel, path]) => [rel, { href: base + path }]))
}

/** The error with which a call of either SDK is rejected. */
export function refusal(status: number, data: Record<string, unknown>) {
  return { response: { status, data: expect.objectContaining(data) } }
}

/** The keys of a document at any depth, except those of links and of custom properties. */
export function keysOf(document: unknown): string[] {
  if (Array.isArray(document)) return document.flatMap(keysOf)
  if (typeof document !== 'object' || document === null) return []
  return Object.entries(document).flatMap(([key, value]) =>
    ['_links', 'properties'].includes(key) ? [key] : [key, ...keysOf(value)],
  )
}

export interface Populated {
  application: TestApplication
  users: [UserDocument, ...UserDocument[]]
  channels: [ChannelDocument, ...ChannelDocument[]]
  /** Newest first; all of the first user in the first channel. */
  messages: MessageDocument[]
}

/** An application with five of everything: every user moderates the first channel and is a member of all. */
export async function populate(application: TestApplication): Promise<Populated> {
  const users: Populated['users'] = [await createUser(application, { name: 'ann' })]
  for (const name of ['ben', 'cas', 'dan', 'eva']) users.push(await createUser(application, { name }))
  const members = users.map(({ id }) => ({ id }))
  const channels: Populated['channels'] = [await createChannel(application, { name: 'c1', members })]
  for (const name of ['c2', 'c3', 'c4', 'c5']) {
    channels.push(await createChannel(application, { name, members }))
  }
  const messages: MessageDocument[] = []
  for (const { id } of users) {
    await application.post(`/channels/${channels[0].id}/moderators`, { id }).expect(200)
  }
  for (const body of ['1', '2', '3', '4', '5']) {
    messages.unshift(await sendMessage(application, channels[0].id, { body, user: { id: users[0].id } }))
  }
  return { application, users, channels, messages }
}

/** Connects a user to a channel with a device, which only the real-time API does. */
export async function connectUser({ ctx }: TestServer, application: TestApplication, fields: Presence) {
  const { userId, channelId } = fields
  const key = uuid()
  return ctx.db.prisma.userSession.create({
    data: {
      applicationId: application.id,
      userId,
      key,
      node: ctx.node.id,
      userAgent: 'a phone',
      chatSessions: { create: { channelId } },
    },
    select: { id: true },
  })
}

interface Presence {
  userId: number
  channelId: number
}

/** Marks one message of a channel as read by a user. */
export async function readMessage({ ctx }: TestServer, { userId, channelId }: Presence, messageId: number) {
  const span = { userId, channelId, fromId: messageId, throughId: messageId }
  await ctx.db.prisma.readSpan.create({ data: span, select: { id: true } })
}

/** Reports a message as a user. */
export async function reportMessage({ ctx }: TestServer, userId: number, messageId: number) {
  const { messageReport, message } = ctx.db.prisma
  await messageReport.create({ data: { userId, messageId, reason: 'spam' }, select: { id: true } })
  await message.update({ where: { id: messageId }, data: { reportCount: 1 }, select: { id: true } })
}

/** Resolves when the user has this many notifications. */
export async function mustBeNotified(application: TestApplication, recipientId: number, count: number) {
  await expect
    .poll(() => application.get(`/users/${recipientId}/notifications`).expect(200))
    .toMatchObject({ body: { _embedded: { notifications: { length: count } } } })
}

/** The file that a customer's backend passes to the SDK for an import. */
export function importFile(items: unknown[]): File {
  return new File([JSON.stringify(items)], 'import.json', { type: 'application/json' })
}

/** Creates a function without a version. */
export async function createFunction(application: TestApplication): Promise<FunctionDocument> {
  const fields = { type: 'user.attempted.start_session', name: `function-${uuid()}` }
  const { body } = await application.post('/runtimes/nodejs/functions', fields).expect(200)
  return body
}

/** Records a run of a function. */
export async function invokeFunction({ ctx }: TestServer, functionId: number, run: Run) {
  const data = { functionId, versionNumber: 1, status: 'SUCCEEDED' as const, ...run }
  await ctx.db.prisma.functionInvocation.create({ data, select: { id: true } })
}

type Run = Record<'args' | 'result', Record<string, Record<string, string | number>>>
