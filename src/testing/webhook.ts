// A webhook of a world (docs/webhooks.md).
import type { TestApiClient } from './http.ts'

/** The events that a webhook can subscribe to. */
export type WebhookEvent =
  | 'channel.created'
  | 'channel.updated'
  | 'channel.deleted'
  | 'channel.member.added'
  | 'channel.member.removed'
  | 'message.created'
  | 'message.updated'
  | 'message.deleted'
  | 'message.reported'
  | 'reaction.added'
  | 'reaction.removed'
  | 'user.created'
  | 'user.updated'
  | 'user.deleted'
  | 'user.banned'
  | 'user.connected'
  | 'user.disconnected'
  | 'job.ended'
  | 'function.failed'

/** A client connects and waits for the decision of the webhook; sent only to webhooks that name this event. */
export type DecidedEvent = 'user.attempted.start_session'

export interface WebhookOptions {
  /** Where deliveries are sent; may be on this machine. */
  url: string
  /** The events to deliver; defaults to all. */
  events?: ('*' | WebhookEvent | DecidedEvent)[]
  description?: string
  /** Defaults to true. */
  enabled?: boolean
  /** The key of signatures: `whsec_` and 24 to 64 bytes in base64. Generated if absent. */
  secret?: string
}

/** A webhook as the server presents it. */
export interface WebhookFields {
  readonly id: number
  readonly url: string
  readonly events: string[]
  readonly secret: string
}

/** Receives the events of a world. */
export class Webhook implements WebhookFields {
  readonly id: number
  readonly url: string
  readonly events: string[]
  /** The key with which a receiver verifies deliveries. */
  readonly secret: string
  readonly #client: TestApiClient
  readonly #path: string

  /** @param path of the webhooks of its world */
  constructor(client: TestApiClient, path: string, { id, url, events, secret }: WebhookFields) {
    this.id = id
    this.url = url
    this.events = events
    this.secret = secret
    this.#client = client
    this.#path = `${path}/${id}`
  }

  /** Removes the webhook; nothing more is delivered, not even pending deliveries. Does nothing if it is already gone. */
  async remove(): Promise<void> {
    await this.#client.remove(this.#path)
  }
}
