// A webhook of a world (docs/webhooks.md).
import type { TestApiClient } from './http.ts'

/** What a webhook can be told of. */
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

/** A client connects, and waits for what the webhook answers; it is asked where it names this event. */
export type DecidedEvent = 'user.attempted.start_session'

export interface WebhookOptions {
  /** Where it is told; on this machine, too. */
  url: string
  /** What of; all, where nothing is said. */
  events?: ('*' | WebhookEvent | DecidedEvent)[]
  description?: string
  /** True where absent. */
  enabled?: boolean
  /** What its deliveries are signed with: `whsec_` and 24 to 64 bytes in base64. Generated where absent. */
  secret?: string
}

/** What the server says of a webhook. */
export interface WebhookFields {
  readonly id: number
  readonly url: string
  readonly events: string[]
  readonly secret: string
}

/** Somebody who is told what happens in a world. */
export class Webhook implements WebhookFields {
  readonly id: number
  readonly url: string
  readonly events: string[]
  /** What a receiver verifies its deliveries with. */
  readonly secret: string
  readonly #client: TestApiClient
  readonly #path: string

  /** @param path of its world's webhooks */
  constructor(client: TestApiClient, path: string, { id, url, events, secret }: WebhookFields) {
    this.id = id
    this.url = url
    this.events = events
    this.secret = secret
    this.#client = client
    this.#path = `${path}/${id}`
  }

  /** It is told nothing more, not even what waits. */
  async remove(): Promise<void> {
    await this.#client.ask('DELETE', this.#path)
  }
}
