// Users at their devices: the official real-time client as it is, watched from outside.

import {
  type ApiConnection,
  type Channel,
  type ChatSession,
  type CreateChannelRequest,
  type CurrentUser,
  connectApi,
  type Message,
  type SdkClient,
  type SendMessageRequest,
  type StartChatSessionRequest,
} from '@chatkitty/core'
import { v4 as uuid } from 'uuid'
import { expect, vi } from 'vitest'
import type { Whole } from '../support/documents.ts'
import { createUser } from '../support/factories.ts'
import { patienceMs } from '../support/patience.ts'
import type { TestApplication, TestServer } from '../support/server.ts'
import { note } from './realtime-coverage.ts'
import { tapWebSockets, type Wire, wireOf } from './wire-tap.ts'

tapWebSockets()

export interface Device {
  name: string
  connection: ApiConnection
  client: SdkClient
  /** As it was when the client connected. */
  user: CurrentUser
  wire: Wire
}

/** The option with which clients find a server of one's own. */
export function environmentOf({ url }: Pick<TestServer, 'url'>) {
  return { host: new URL(url).host, secure: false }
}

/** Connects a user. */
export async function connect(
  server: Pick<TestServer, 'url'>,
  { apiKey }: Pick<TestApplication, 'apiKey'>,
  username: string,
  authParams?: unknown,
): Promise<Device> {
  const options = { apiKey, username, authParams, $environment: environmentOf(server) }
  const bare = await settle('connectApi', connectApi(options))
  const connection = watchConnection(bare)
  const client = connection.getSdkClient()
  const wire = wireOf(apiKey, username)
  // The client is there before its topics are.
  await vi.waitFor(() => expect(wire.isAnswered).toBe(true), { timeout: patienceMs, interval: 5 })
  return { name: username, connection, client, user: connection.user.value, wire }
}

/** Creates users with these names, and connects a device of each. */
export async function connectNew<N extends string[]>(
  server: TestServer,
  ...names: N
): Promise<{ [K in keyof N]: Device }> {
  for (const name of names) await createUser(server.main, { name, displayName: name })
  const devices = await Promise.all(names.map((name) => connect(server, server.main, name)))
  return devices as { [K in keyof N]: Device }
}

/** Ends the sessions of devices. */
export async function disconnect(...devices: (Device | undefined)[]): Promise<void> {
  await Promise.all(devices.map((device) => device?.connection.dispose()))
}

export const uniqueName = (word: string) => `${word}-${uuid()}`

// --------------------------------------------------------------------------------------------- results

interface Refusal {
  error: string
  message: string
}

interface Result {
  succeeded: boolean
  error?: Refusal
}

/** What a call gives that succeeds. */
export async function done<R extends Result>(
  result: Promise<R> | R,
): Promise<Extract<R, { succeeded: true }>> {
  const given = await result
  if (!given.succeeded) throw new Error(`It failed with ${given.error?.error}: ${given.error?.message}`)
  return given as Extract<R, { succeeded: true }>
}

/** The error of a call that fails as clients expect it: with a result. */
export async function refused(result: Promise<Result> | Result): Promise<Refusal> {
  const given = await result
  expect(given).toMatchObject({ failed: true, error: { message: expect.stringMatching(/\w/) } })
  return given.error as Refusal
}

// -------------------------------------------------------------------------------------------- watching

/** What a callback was called with, in order. */
export class Inbox<T extends unknown[] = unknown[]> {
  readonly items: T[] = []
  readonly #waiting = new Set<() => void>()

  readonly put = (...item: T): void => {
    this.items.push(item)
    for (const look of this.#waiting) look()
  }

  /** The first call such as this; waits for it as long as it may take. */
  next(isIt: (...item: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const item = this.items.find((each) => isIt(...each))
        if (item === undefined) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(item)
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(look)
        reject(new Error(`It was not delivered; was: ${shown(this.items)}`))
      }, patienceMs)
      this.#waiting.add(look)
      try {
        look()
      } catch (error) {
        reject(error)
      }
    })
  }
}

function shown(items: unknown): string {
  return JSON.stringify(items, (key, value) => (key.startsWith('_') ? undefined : value))
}

/** As it is heard: with the fields of all variants, of which tests know the one. */
type Heard<T> = T extends Message ? Whole<Message> : T extends Channel ? Whole<Channel> : T

/** What an observer of the client hears from now on. */
export function collect<T>(register: (callback: (value: T) => void) => unknown): Inbox<[Heard<T>]> {
  const inbox = new Inbox<[Heard<T>]>()
  register((value) => inbox.put(value as Heard<T>))
  return inbox
}

type CallbackName = Exclude<keyof StartChatSessionRequest, 'channel'>

/** All that a chat session can be told. */
export const chatCallbacks = [
  'onMessageReceived',
  'onKeystrokesReceived',
  'onTypingStarted',
  'onTypingStopped',
  'onParticipantEnteredChat',
  'onParticipantLeftChat',
  'onParticipantPresenceChanged',
  'onMemberLeft',
  'onMemberJoined',
  'onModeratorAdded',
  'onModeratorDeleted',
  'onMemberBlocked',
  'onMemberUnblocked',
  'onEventTriggered',
  'onMessageUpdated',
  'onMessageDeleted',
  'onChannelUpdated',
  'onChannelDeleted',
  'onMessageRead',
  'onMessageUnread',
  'onMessageReactionAdded',
  'onMessageReactionRemoved',
  'onThreadMessageReceived',
  'onThreadKeystrokesReceived',
  'onThreadTypingStarted',
  'onThreadTypingStopped',
] as const satisfies CallbackName[]

type Callbacks = Required<StartChatSessionRequest>
type Each<Args extends unknown[]> = { [At in keyof Args]: Heard<Args[At]> }
/** What such a callback hears. */
export type InboxOf<Callback extends (...args: never[]) => unknown> = Inbox<Each<Parameters<Callback>>>

export type Chat = { [Name in CallbackName]: InboxOf<Callbacks[Name]> } & { session: ChatSession }

/** Starts a chat session that listens to everything. */
export async function startChat({ client, wire }: Device, channel: Channel): Promise<Chat> {
  const inboxes = Object.fromEntries(chatCallbacks.map((name) => [name, new Inbox()]))
  const callbacks = Object.fromEntries(chatCallbacks.map((name) => [name, inboxes[name]?.put]))
  const { session } = client.startChatSession({ channel, ...callbacks } as StartChatSessionRequest)
  const { moderators } = channel._topics // the last that the client subscribes to
  const listens = () => expect(wire.listensTo(moderators), 'listens to the channel').toBe(true)
  await vi.waitFor(listens, { timeout: patienceMs, interval: 5 })
  return { ...inboxes, session } as Chat
}

/** Fails where the client's promise takes too long; notes it where it succeeds. */
async function settle<T>(entry: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    const error = new Error(`${entry} was not settled within ${patienceMs} ms`)
    timer = setTimeout(() => reject(error), patienceMs)
  })
  try {
    const result = await Promise.race([promise, tooLate])
    if ((result as Partial<Result> | undefined)?.succeeded !== false) note(entry)
    return withPages(result)
  } finally {
    clearTimeout(timer)
  }
}

type Method = (...args: unknown[]) => unknown

/** An object whose methods run through `around`. */
function around<T extends object>(target: T, wrap: (name: string, method: Method) => Method): T {
  return new Proxy(target, {
    get(_, key) {
      const value = Reflect.get(target, key, target)
      if (typeof value !== 'function' || typeof key !== 'string') return value
      return wrap(key, value.bind(target))
    },
  })
}

function withPages<T>(result: T): T {
  const { paginator } = (result ?? {}) as { paginator?: object }
  if (paginator) Object.assign(result as object, { paginator: watchPages(paginator) })
  return result
}

function watchPages(paginator: object): object {
  return around(paginator, (name, method) => async () => {
    return watchPages(await settle(`ChatKittyPaginator.${name}`, method() as Promise<object>))
  })
}

/** A client that notes what it is used for. */
export function watchClient(client: SdkClient): SdkClient {
  return around(client, (name, method) => (...args) => {
    const entry = variantOf(name, args[0])
    const given = method(...args.map((arg) => watchCallbacks(entry, arg)))
    if (given instanceof Promise) return settle(entry, given)
    if (!name.startsWith('on')) note(entry) // observers are noted when they hear something
    const { session } = (given ?? {}) as { session?: ChatSession }
    if (session) Object.assign(given as object, { session: watchChatSession(session) })
    return given
  })
}

function watchChatSession(session: ChatSession): ChatSession {
  return around(session, (name, method) => (...args) => {
    note(`ChatSession.${name}`)
    return method(...args)
  })
}

/** The ways in which one method goes over the wire. */
function variantOf(name: string, request: unknown): string {
  if (name !== 'sendMessage') return name
  const { body, file } = request as Partial<Whole<SendMessageRequest>>
  if (body !== undefined) return 'sendMessage (text)'
  return file === undefined || !('url' in file) ? 'sendMessage (upload)' : 'sendMessage (external file)'
}

/** Functions, and those in an object, that note that they were called. */
function watchCallbacks(entry: string, arg: unknown): unknown {
  if (typeof arg === 'function') return watchCallback(entry, arg as Method)
  if (entry !== 'startChatSession') return arg
  const watched = Object.entries(arg as StartChatSessionRequest).map(([name, value]) => [
    name,
    typeof value === 'function' ? watchCallback(`startChatSession.${name}`, value as Method) : value,
  ])
  return Object.fromEntries(watched)
}

function watchCallback(entry: string, callback: Method): Method {
  return (...args) => {
    note(entry)
    return callback(...args)
  }
}

const reactives = ['user', 'notifications', 'unreadChannelsCount', 'unreadMessagesCount']

function watchConnection(connection: ApiConnection): ApiConnection {
  const client = watchClient(connection.getSdkClient())
  const methods = around(connection, (name, method) => (...args) => {
    const entry = `ApiConnection.${name}`
    const given = method(...args)
    if (given instanceof Promise) return settle(entry, given)
    note(entry)
    return name === 'getSdkClient' ? client : given
  })
  return new Proxy(methods, {
    get(target, key) {
      const value = Reflect.get(target, key, target)
      if (typeof key !== 'string' || !reactives.includes(key)) return value
      return around(value as object, (_, watch) => (callback) => {
        return watch(watchCallback(`ApiConnection.${key}.watch`, callback as Method))
      })
    },
  })
}

/** A public channel of the first device's user with the second's, and the events that the first one receives there. */
export async function startChatWith(
  own: Device,
  other: Device,
): Promise<{ channel: Channel; delivered: Chat }> {
  const members = [{ username: other.name }]
  const request = { type: 'PUBLIC' as const, name: uniqueName('channel'), members }
  const { channel } = await done(own.client.createChannel(request))
  return { channel, delivered: await startChat(own, channel) }
}

/** The channel as the device's user sees it. */
export async function see({ client }: Device, { id }: { id: number }): Promise<Channel> {
  return (await done(client.retrieveChannel(id))).channel
}

/** Creates a public channel of a user. */
export async function makeChannel(
  { client }: Device,
  fields: Partial<CreateChannelRequest> = {},
): Promise<Channel> {
  const request = { type: 'PUBLIC' as const, name: uniqueName('channel'), ...fields }
  return (await done(client.createChannel(request))).channel
}
