// A user at a client of some generation, in the words that all of them share.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, CurrentUser } from '@chatkitty/core'
import { expect } from 'vitest'
import { patienceMs } from '../../support/patience.ts'
import type { TestApplication, TestServer } from '../../support/server.ts'
import { environmentOf, Inbox, type Chat as NewestChat } from '../realtime.ts'
import { type Frame, type Wire, wireOf } from '../wire-tap.ts'
import type { Client, ClientClass, GivenBy, HeardBy, Method, Newest } from './client.ts'

/** Where clients of a generation come from. */
export interface Origin {
  /** Of its package, bundled. */
  code: string
  /** The class of its clients. */
  ChatKitty: ClientClass
}

/** All that a chat session can hear, under the names that generations call it. */
const chatCallbacks = {
  message: 'onReceivedMessage|onMessageReceived',
  updated: 'onMessageUpdated',
  deleted: 'onMessageDeleted',
  read: 'onMessageRead',
  unread: 'onMessageUnread',
  reacted: 'onMessageReactionAdded',
  unreacted: 'onMessageReactionRemoved',
  keystrokes: 'onReceivedKeystrokes|onKeystrokesReceived',
  typing: 'onTypingStarted',
  typed: 'onTypingStopped',
  entered: 'onParticipantEnteredChat',
  left: 'onParticipantLeftChat',
  presence: 'onParticipantPresenceChanged',
  channel: 'onChannelUpdated',
  event: 'onEventTriggered',
} as const

export type Chat = {
  [K in keyof typeof chatCallbacks]: NewestChat[Newest<(typeof chatCallbacks)[K]>]
} & { end(): void }

export class Person {
  readonly name: string
  readonly wire: Wire
  readonly client: Client
  #user: CurrentUser | undefined

  constructor(origin: Origin, server: TestServer, { apiKey }: TestApplication, name: string) {
    this.name = name
    this.wire = wireOf(apiKey, name)
    const { host, secure } = environmentOf(server)
    this.client = new origin.ChatKitty({ apiKey, host, isSecure: secure })
  }

  /** As it was when the session started. */
  get user(): CurrentUser {
    if (!this.#user) throw new Error('It has no session')
    return this.#user
  }

  /** Starts a session, and waits until the client listens to all that it wants to. */
  async logIn(authParams?: unknown) {
    const { session } = await this.do('startSession', { username: this.name, authParams })
    this.#user = session.user
    await this.settled()
    return session
  }

  /** Whether its API has this; `|` stands between names that mean the same. */
  has(names: string): boolean {
    return this.#method(names) !== undefined
  }

  /** Calls what its API has of these, and fails unless that succeeds in time. */
  async do<Names extends string>(names: Names, ...args: unknown[]): Promise<GivenBy<Names>> {
    const [name, result] = await this.#call(names, args)
    if (result?.error !== undefined) throw new Error(`${name} failed: ${JSON.stringify(result.error)}`)
    return result as GivenBy<Names>
  }

  /** The error with which a call fails. */
  async refused(names: string, ...args: unknown[]): Promise<unknown> {
    const [name, result] = await this.#call(names, args)
    expect(result?.error, `${name} fails`).toBeDefined()
    return result?.error
  }

  /** What an observer hears from now on. */
  hear<Names extends string>(names: Names): HeardBy<Names> {
    const inbox = new Inbox()
    this.#mustHave(names)[1](inbox.put)
    return inbox as unknown as HeardBy<Names>
  }

  /** Starts a chat session that listens to everything. */
  async chat(channel: Channel): Promise<Chat> {
    const inboxes: Record<string, Inbox> = {}
    const callbacks: Record<string, Inbox['put']> = {}
    for (const [key, names] of Object.entries(chatCallbacks)) {
      const inbox = new Inbox()
      inboxes[key] = inbox
      for (const name of names.split('|')) callbacks[name] = inbox.put
    }
    const { session } = this.client.startChatSession({ channel, ...callbacks })
    await until(() => this.wire.listensTo(channel._topics.messages))
    return { ...inboxes, end: () => session.end() } as unknown as Chat
  }

  /** Cuts its connection, and waits until it is back and listens to all that it listened to. */
  async loseConnection(): Promise<void> {
    const topics = () => this.wire.frames.filter(isOfTopic).length
    const before = topics()
    this.wire.cut()
    await until(() => this.wire.connects > 1 && topics() >= 2 * before && this.wire.isAnswered)
  }

  /** Resolves when the server has answered all frames that want an answer. */
  async settled(): Promise<void> {
    await until(() => this.wire.isAnswered)
  }

  #method(names: string): [name: string, Method] | undefined {
    for (const name of names.split('|')) {
      const method: unknown = Reflect.get(this.client, name)
      if (typeof method === 'function') return [name, method.bind(this.client)]
    }
    return undefined
  }

  #mustHave(names: string): [name: string, Method] {
    const method = this.#method(names)
    if (!method) throw new Error(`It has no ${names}`)
    return method
  }

  /** @returns what the method is called, and gives in time */
  async #call(names: string, args: unknown[]): Promise<[name: string, { error?: unknown } | undefined]> {
    const [name, method] = this.#mustHave(names)
    const result = await within(name, (async () => method(...args))())
    return [name, result as { error?: unknown } | undefined]
  }
}

async function within<T>(name: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} was not settled within ${patienceMs} ms`)), patienceMs)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

const isOfTopic = ({ command, headers }: Frame) =>
  command === 'SUBSCRIBE' && headers.destination?.startsWith('/topic/')

async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + patienceMs
  while (!isSo()) {
    if (Date.now() > giveUpAt) throw new Error('The server did not answer all frames')
    await sleep(2)
  }
}
