// A world: an application of its own, which no other test sees (testing contract 2, 4, 5).
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

/** Where a server is reached, and with which credentials of one application. */
export interface Access {
  /** The base URL of REST, without a path: the `basePath` of the Platform SDK. */
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** What the official client connects with. */
  readonly apiKey: string
  /** For REST; works at once, has all scopes and never expires. */
  readonly accessToken: string
}

/** What the server says of a world. */
export interface WorldFields extends Access {
  readonly id: number
  readonly name: string
  /** With its port. */
  readonly host: string
  /** Whether by TLS. */
  readonly secure: boolean
  readonly applicationId: number
  /** ISO 8601. */
  readonly createdTime: string
}

export interface WorldOptions {
  /** For people who look at the list of worlds. */
  name?: string
  seed?: Seed
  /** To be forked: the names stay, the ids are new. */
  snapshot?: SnapshotReference
  settings?: { guestUsers?: boolean; userCreatedChannels?: boolean }
  /** `strict` refuses unknown fields in requests, which are otherwise ignored, as the hosted API does. */
  strictness?: 'lenient' | 'strict'
}

/** How long to wait, and from where. */
export interface ExpectOptions {
  /** 5,000 unless told. */
  timeoutMs?: number
  /** Only what came later than this entry, or position. */
  after?: number | JournalEntry
}

export interface ExpectNoneOptions {
  /** How long nothing must come; 5,000 unless told. */
  forMs?: number
  /** Only what came later than this entry, or position. */
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
    this.#path = `/worlds/${fields.id}`
    this.#journal = new Journal(client, `${this.#path}/journal`)
  }

  /** The `$environment` of the official client. */
  get environment(): { host: string; secure: boolean } {
    return { host: this.host, secure: this.secure }
  }

  /**
   * As it was right after its creation, its seed included. Credentials and tokens stay valid; sockets are closed; faults,
   * journal and actors are gone.
   */
  async reset(): Promise<this> {
    await this.#client.ask('POST', `${this.#path}/reset`)
    return this
  }

  /** Keeps what there is, to be restored or forked. */
  async snapshot(name?: string): Promise<Snapshot> {
    const json = name === undefined ? {} : { name }
    return new Snapshot(this.#client, await this.#client.ask('POST', `${this.#path}/snapshots`, { json }))
  }

  /** Those that were taken of this world. */
  async snapshots(): Promise<Snapshot[]> {
    const { snapshots } = await this.#client.ask<{ snapshots: SnapshotFields[] }>(
      'GET',
      `${this.#path}/snapshots`,
    )
    return snapshots.map((fields) => new Snapshot(this.#client, fields))
  }

  /** As the snapshot has it, every id included. Credentials, tokens and the journal stay as they are. */
  async restore(snapshot: SnapshotReference): Promise<this> {
    await this.#client.ask('POST', `${this.#path}/restore`, { json: { snapshot: idOf(snapshot) } })
    return this
  }

  /**
   * Lets something go wrong from now on. Of several faults that match, the newest applies.
   * @param target what goes wrong: requests, frames, runs of functions, deliveries to webhooks
   * @param effect how, and how often
   */
  async fail<const T extends FaultTarget>(target: T, effect: FaultEffect<T> & FaultLimits): Promise<Fault> {
    const path = `${this.#path}/faults`
    const json = bodyOf(target, effect as FaultEffect & FaultLimits)
    return new Fault(this.#client, path, await this.#client.ask('POST', path, { json }))
  }

  /** All faults of the world with their hits, those that are used up included. */
  async faults(): Promise<Fault[]> {
    const path = `${this.#path}/faults`
    const { faults } = await this.#client.ask<{ faults: FaultFields[] }>('GET', path)
    return faults.map((fields) => new Fault(this.#client, path, fields))
  }

  /** Nothing goes wrong on purpose any more. */
  async removeFaults(): Promise<void> {
    await this.#client.ask('DELETE', `${this.#path}/faults`)
  }

  /**
   * Waits for an entry of the journal, past or to come.
   * @param match a subset of the entry
   * @returns the first entry that matches
   * @throws an error with the nearest misses and what differs, when none has come in time
   */
  async expect<K extends EntryKind = EntryKind>(
    match: Match<K>,
    options: ExpectOptions = {},
  ): Promise<EntryOf<K>> {
    return this.#journal.expect(match, options)
  }

  /**
   * Waits whether an entry of the journal comes, or is there.
   * @throws an error that shows the entry, as soon as there is one
   */
  async expectNone<K extends EntryKind = EntryKind>(
    match: Match<K>,
    options: ExpectNoneOptions = {},
  ): Promise<void> {
    await this.#journal.expectNone(match, options)
  }

  /** What the world was asked, answered and told, oldest first. */
  async journal<K extends EntryKind = EntryKind>(filter: JournalFilter<K> = {}): Promise<EntryOf<K>[]> {
    return this.#journal.list(filter)
  }

  /** The requests of the journal as HAR 1.2, which browsers and proxies open. */
  async har(): Promise<unknown> {
    return this.#journal.har()
  }

  async clearJournal(): Promise<void> {
    await this.#journal.clear()
  }

  /** Tells a URL what happens from now on, signed as in production. It is gone when the world is reset. */
  async createWebhook(options: WebhookOptions): Promise<Webhook> {
    const path = `${this.#path}/webhooks`
    return new Webhook(
      this.#client,
      path,
      await this.#client.ask<WebhookFields>('POST', path, { json: options }),
    )
  }

  /** What was used of the API, and what was only just taken. */
  async coverage(): Promise<Coverage> {
    return this.#client.ask('GET', `${this.#path}/coverage`)
  }

  /** Lets a user of the world be online without a client. */
  async actor(username: string): Promise<Actor> {
    const path = `${this.#path}/actors`
    const fields = await this.#client.ask<ActorFields>('POST', path, { json: { username } })
    return new Actor(this.#client, path, fields)
  }

  /** Closes its sockets and refuses its tokens at once; once, however often it is called. */
  remove(): Promise<void> {
    this.#removing ??= this.#client.ask('DELETE', this.#path)
    return this.#removing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove()
  }
}
