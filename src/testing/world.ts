// A world: a separate application that no other test sees (testing contract 2, 4, 5).
import { Actor, type ActorFields } from './actor.ts'
import type { Coverage } from './coverage.ts'
import { bodyOf, Fault, type FaultFields } from './fault.ts'
import type { FaultEffect, FaultLimits, FaultTarget } from './fault-types.ts'
import type { TestApiClient } from './http.ts'
import { Journal } from './journal.ts'
import type { EntryKind, EntryOf, JournalEntry, JournalFilter, Match } from './journal-types.ts'
import type { Seed } from './seed.ts'
import { idOf, Snapshot, type SnapshotFields, type SnapshotReference } from './snapshot.ts'
import { Webhook, type WebhookFields, type WebhookOptions } from './webhook.ts'

/** The address of a server, and the credentials of one application. */
export interface Access {
  /** The base URL of REST, without a path: the `basePath` of the Platform SDK. */
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** The key for the official client. */
  readonly apiKey: string
  /** For REST; works at once, has all scopes and never expires. */
  readonly accessToken: string
}

/** A world as the server presents it. */
export interface WorldFields extends Access {
  readonly id: number
  readonly name: string
  /** Host and port. */
  readonly host: string
  /** Whether TLS is used. */
  readonly secure: boolean
  readonly applicationId: number
  /** ISO 8601. */
  readonly createdTime: string
}

export interface WorldOptions {
  /** Shown in the list of worlds. */
  name?: string
  seed?: Seed
  /** A snapshot to fork: names stay, ids are new. */
  snapshot?: SnapshotReference
  settings?: { guestUsers?: boolean; userCreatedChannels?: boolean }
  /** `strict` refuses unknown fields in requests, which are otherwise ignored, as the hosted API does. */
  strictness?: 'lenient' | 'strict'
}

/** How long to wait, and after which position. */
export interface ExpectOptions {
  /** Defaults to 5,000. */
  timeoutMs?: number
  /** Only entries after this entry or position. */
  after?: number | JournalEntry
}

export interface ExpectNoneOptions {
  /** How long no entry may match; defaults to 5,000. */
  forMs?: number
  /** The same, as `expect` calls it; `forMs` takes precedence. */
  timeoutMs?: number
  /** Only entries after this entry or position. */
  after?: number | JournalEntry
}

export class World implements WorldFields {
  readonly id: number
  readonly name: string
  readonly url: string
  readonly host: string
  readonly secure: boolean
  readonly applicationId: number
  readonly clientId: string
  readonly clientSecret: string
  readonly apiKey: string
  readonly accessToken: string
  readonly createdTime: string
  readonly #client: TestApiClient
  readonly #journal: Journal
  readonly #path: string
  /** The resets of the server before this world was created. */
  readonly #resets: number
  #removing: Promise<void> | undefined

  constructor(client: TestApiClient, fields: WorldFields) {
    this.id = fields.id
    this.name = fields.name
    this.url = fields.url
    this.host = fields.host
    this.secure = fields.secure
    this.applicationId = fields.applicationId
    this.clientId = fields.clientId
    this.clientSecret = fields.clientSecret
    this.apiKey = fields.apiKey
    this.accessToken = fields.accessToken
    this.createdTime = fields.createdTime
    this.#client = client
    this.#resets = client.resets
    this.#path = `/worlds/${fields.id}`
    this.#journal = new Journal(client, `${this.#path}/journal`)
  }

  /** The `$environment` of the official client. */
  get environment(): { host: string; secure: boolean } {
    return { host: this.host, secure: this.secure }
  }

  /**
   * Resets the world to its state right after creation, including the seed. Credentials and tokens stay valid; sockets
   * are closed; faults, journal and actors are removed.
   */
  async reset(): Promise<this> {
    await this.#client.ask('POST', `${this.#path}/reset`)
    return this
  }

  /** Saves the current state, to be restored or forked later. */
  async snapshot(name?: string): Promise<Snapshot> {
    const json = name === undefined ? {} : { name }
    return new Snapshot(this.#client, await this.#client.ask('POST', `${this.#path}/snapshots`, { json }))
  }

  /** Lists the snapshots taken of this world. */
  async snapshots(): Promise<Snapshot[]> {
    const { snapshots } = await this.#client.ask<{ snapshots: SnapshotFields[] }>(
      'GET',
      `${this.#path}/snapshots`,
    )
    return snapshots.map((fields) => new Snapshot(this.#client, fields))
  }

  /** Restores a snapshot, including all ids. Credentials, tokens and the journal stay as they are. */
  async restore(snapshot: SnapshotReference): Promise<this> {
    await this.#client.ask('POST', `${this.#path}/restore`, { json: { snapshot: idOf(snapshot) } })
    return this
  }

  /**
   * Adds a fault. If several faults match, the newest applies.
   * @param target what it applies to: requests, frames, runs of functions, deliveries to webhooks
   * @param effect what it does, and how often
   */
  async fail<const T extends FaultTarget>(target: T, effect: FaultEffect<T> & FaultLimits): Promise<Fault> {
    const path = `${this.#path}/faults`
    const json = bodyOf(target, effect as FaultEffect & FaultLimits)
    return new Fault(this.#client, path, await this.#client.ask('POST', path, { json }))
  }

  /** Lists all faults of the world with their hits, including used-up ones. */
  async faults(): Promise<Fault[]> {
    const path = `${this.#path}/faults`
    const { faults } = await this.#client.ask<{ faults: FaultFields[] }>('GET', path)
    return faults.map((fields) => new Fault(this.#client, path, fields))
  }

  /** Removes all faults of the world. */
  async removeFaults(): Promise<void> {
    await this.#client.ask('DELETE', `${this.#path}/faults`)
  }

  /**
   * Waits for an entry of the journal, existing or future.
   * @param match a subset of the entry
   * @returns the first entry that matches
   * @throws an error with the nearest misses and their differences, if none matches in time
   */
  async expect<K extends EntryKind = EntryKind>(
    match: Match<K>,
    options: ExpectOptions = {},
  ): Promise<EntryOf<K>> {
    return this.#journal.expect(match, options)
  }

  /**
   * Resolves if no entry of the journal, existing or future, matches within the time.
   * @throws an error that shows the entry, as soon as one matches
   */
  async expectNone<K extends EntryKind = EntryKind>(
    match: Match<K>,
    options: ExpectNoneOptions = {},
  ): Promise<void> {
    await this.#journal.expectNone(match, options)
  }

  /** Lists the requests, frames, events and runs of the world, oldest first. */
  async journal<K extends EntryKind = EntryKind>(filter: JournalFilter<K> = {}): Promise<EntryOf<K>[]> {
    return this.#journal.list(filter)
  }

  /** Returns the requests of the journal as HAR 1.2, which browsers and proxies can open. */
  async har(): Promise<unknown> {
    return this.#journal.har()
  }

  async clearJournal(): Promise<void> {
    await this.#journal.clear()
  }

  /** Delivers events to a URL from now on, signed as in production. A reset of the world removes the webhook. */
  async createWebhook(options: WebhookOptions): Promise<Webhook> {
    const path = `${this.#path}/webhooks`
    return new Webhook(
      this.#client,
      path,
      await this.#client.ask<WebhookFields>('POST', path, { json: options }),
    )
  }

  /** Returns the coverage of the API by this world, with warnings. */
  async coverage(): Promise<Coverage> {
    return this.#client.ask('GET', `${this.#path}/coverage`)
  }

  /** Brings a user of the world online without a client. */
  async actor(username: string): Promise<Actor> {
    const path = `${this.#path}/actors`
    const fields = await this.#client.ask<ActorFields>('POST', path, { json: { username } })
    return new Actor(this.#client, path, fields)
  }

  /** Removes the world: closes its sockets and invalidates its tokens at once. Does nothing if it is already gone. */
  remove(): Promise<void> {
    this.#removing ??= this.#remove()
    return this.#removing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove()
  }

  async #remove(): Promise<void> {
    if (this.#resets === this.#client.resets) await this.#client.remove(this.#path)
  }
}
