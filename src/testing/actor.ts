// A user who is there without a client (testing contract 5). Real sessions see what it does as from a real client.
import type { TestApiClient } from './http.ts'

/** What the server says of an actor. */
export interface ActorFields {
  readonly id: number
  readonly username: string
}

/** By its id, its name, or as an answer of the API has it. */
export type ChannelReference = number | string | { readonly id: number }
export type MessageReference = number | { readonly id: number }

export class Actor implements ActorFields {
  readonly id: number
  readonly username: string
  readonly #client: TestApiClient
  readonly #path: string
  #closing: Promise<void> | undefined

  /** @param path of its world's actors */
  constructor(client: TestApiClient, path: string, { id, username }: ActorFields) {
    this.id = id
    this.username = username
    this.#client = client
    this.#path = `${path}/${id}`
  }

  /** Is in the channel, which its members are told. */
  async startChat(channel: ChannelReference): Promise<void> {
    await this.#act('start-chat', { channel: referenceOf(channel) })
  }

  async endChat(channel: ChannelReference): Promise<void> {
    await this.#act('end-chat', { channel: referenceOf(channel) })
  }

  /** @param keys the draft so far, whole */
  async type(channel: ChannelReference, keys: string): Promise<void> {
    await this.#act('type', { channel: referenceOf(channel), keys })
  }

  /** Reads all there is in the channel. */
  async read(channel: ChannelReference): Promise<void> {
    await this.#act('read', { channel: referenceOf(channel) })
  }

  /** @returns the message, as the Platform API shows it */
  async send(channel: ChannelReference, body: string): Promise<SentMessage> {
    return this.#act('send', { channel: referenceOf(channel), body })
  }

  async react(message: MessageReference, emoji: string): Promise<void> {
    await this.#act('react', { message: referenceOf(message), emoji })
  }

  /** Goes offline; once, however often it is called. */
  close(): Promise<void> {
    this.#closing ??= this.#client.ask('DELETE', this.#path)
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
