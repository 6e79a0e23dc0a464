// A server whose test API is on, as tests use it.
import { readFile } from 'node:fs/promises'
import { Clock } from './clock.ts'
import type { Coverage } from './coverage.ts'
import { TestApiClient } from './http.ts'
import { idOf, Snapshot } from './snapshot.ts'
import { type Access, World, type WorldFields, type WorldOptions } from './world.ts'

/** Stops the server that `startChatterie` started. */
type Stop = () => Promise<void>

/** @see startChatterie, connectChatterie */
export class Chatterie {
  /** The base URL of REST, without a path. */
  readonly url: string
  /** The server's clock, shared by all worlds. */
  readonly clock: Clock
  readonly #client: TestApiClient
  readonly #stop: Stop | undefined
  /** The worlds created here and not removed yet. */
  readonly #worlds = new Set<World>()
  #closing: Promise<void> | undefined

  /** @param stop stops the server; without it, closing leaves the server running */
  constructor(client: TestApiClient, stop?: Stop) {
    this.url = client.url
    this.#client = client
    this.clock = new Clock(client)
    this.#stop = stop
  }

  /** The `$environment` of the official client. */
  get environment(): { host: string; secure: boolean } {
    const { host, protocol } = new URL(this.url)
    return { host, secure: protocol === 'https:' }
  }

  /**
   * Creates a world: a separate application, isolated from the others.
   * @throws ChatterieError if the seed is refused; it names the wrong item, and no world is left behind
   */
  async createWorld({ snapshot, ...options }: WorldOptions = {}): Promise<World> {
    const json = { ...options, ...(snapshot !== undefined && { snapshot: idOf(snapshot) }) }
    const world = new World(this.#client, await this.#client.ask('POST', '/worlds', { json }))
    this.#worlds.add(world)
    return world
  }

  /** Lists all worlds of the server, including those created by others. */
  async worlds(): Promise<World[]> {
    const { worlds } = await this.#client.ask<{ worlds: WorldFields[] }>('GET', '/worlds')
    return worlds.map((fields) => new World(this.#client, fields))
  }

  /** Removes all worlds, including those of others, and empties the first application; all ids start again at 1. */
  async reset(): Promise<void> {
    await this.#client.ask('POST', '/reset')
    this.#client.resets += 1
    this.#worlds.clear()
  }

  /** Returns the coverage of the API by all worlds, with warnings. */
  async coverage(): Promise<Coverage> {
    return this.#client.ask('GET', '/coverage')
  }

  /**
   * Uploads a snapshot that was downloaded from this or another server.
   * @param file its path, or its content
   * @throws ChatterieError if its version is not supported; the message names both versions
   */
  async uploadSnapshot(file: string | { content: string | Uint8Array<ArrayBuffer> }): Promise<Snapshot> {
    const content = typeof file === 'string' ? await readFile(file) : file.content
    const raw = { type: 'application/x-ndjson', content }
    return new Snapshot(this.#client, await this.#client.ask('POST', '/snapshots', { raw }))
  }

  /**
   * Stops the server if it was started here; if it was connected to, only removes the worlds created here.
   * Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    if (this.#stop) await this.#stop()
    else await Promise.all([...this.#worlds].map((world) => world.remove()))
    this.#client.close('this Chatterie is closed')
  }
}

/** A server that was started here, with the credentials of its first application. */
export class StartedChatterie extends Chatterie implements Access {
  readonly clientId: string
  readonly clientSecret: string
  readonly apiKey: string
  readonly accessToken: string

  constructor({ url, clientId, clientSecret, apiKey, accessToken }: Access, stop: Stop) {
    super(new TestApiClient(url, process.env.TEST_API_TOKEN || undefined), stop) // the server has inherited it
    this.clientId = clientId
    this.clientSecret = clientSecret
    this.apiKey = apiKey
    this.accessToken = accessToken
  }
}
