// A user who is online without a client (testing contract 5). Real sessions see their actions as if from a real client.
import type { TestApiClient } from './http.ts'

/** An actor as the server presents it. */
export interface ActorFields {
  readonly id: number
  readonly username: string
}

/** An id, a name, or a resource that the API returned. */
export type ChannelReference = number | string | { readonly id: number }
export type MessageReference = number | { readonly id: number }

export class Actor implements ActorFields {
  readonly id: number
  readonly username: string
  readonly #client: TestApiClient
  readonly #path: string
  #closing: Promise<void> | undefined

  /** @param path of the actors of its world */
  constructor(client: TestApiClient, path: string, { id, username }: ActorFields) {
    this.id = id
    this.username = username
    this.#client = client
    this.#path = `${path}/${id}`
  }

  /** Starts a chat session in the channel; its members are notified. */
  async startChat(channel: ChannelReference): Promise<void> {
    await this.#act('start-chat', { channel: referenceOf(channel) })
  }

  async endChat(channel: ChannelReference): Promise<void> {
    await this.#act('end-chat', { channel: referenceOf(channel) })
  }

  /** @param keys the complete draft so far */
  async type(channel: ChannelReference, keys: string): Promise<void> {
    await this.#act('type', { channel: referenceOf(channel), keys })
  }

  /** Marks everything in the channel as read. */
  async read(channel: ChannelReference): Promise<void> {
    await this.#act('read', { channel: referenceOf(channel) })
  }

  /** Sends a message. @returns it as the Platform API presents it */
  async send(channel: ChannelReference, body: string): Promise<SentMessage> {
    return this.#act('send', { channel: referenceOf(channel), body })
  }

  async react(message: MessageReference, emoji: string): Promise<void> {
    await this.#act('react', { message: referenceOf(message), emoji })
  }

  /** Goes offline. Does nothing if it is already gone. */
  close(): Promise<void> {
    this.#closing ??= this.#client.remove(this.#path)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #act<T>(action: string, body: Record<string, unknown>): Promise<T> {
    return this.#client.ask('POST', `${this.#path}/${action}`, { json: body })
  }
}

export interface SentMessage {
  id: number
  body: string
  createdTime: string
  [field: string]: unknown
}

function referenceOf(what: ChannelReference): number | string {
  return typeof what === 'object' ? what.id : what
}
