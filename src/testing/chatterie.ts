// A server with its test API on, as tests see it.
import { readFile } from 'node:fs/promises'
import { Clock } from './clock.ts'
import type { Coverage } from './coverage.ts'
import { TestApiClient } from './http.ts'
import { idOf, Snapshot } from './snapshot.ts'
import { type Access, World, type WorldFields, type WorldOptions } from './world.ts'

/** Ends whatever `startChatterie` started. */
type Stop = () => Promise<void>

/** @see startChatterie, connectChatterie */
export class Chatterie {
  /** The base URL of REST, without a path. */
  readonly url: string
  /** The server's clock, for all worlds. */
  readonly clock: Clock
  readonly #client: TestApiClient
  readonly #stop: Stop | undefined
  /** Those made here and not yet removed. */
  readonly #worlds = new Set<World>()
  #closing: Promise<void> | undefined

  /** @param stop ends the server; without it, closing leaves the server running */
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
   * Makes a world: an application of its own, which sees nothing of the others.
   * @throws ChatterieError where the seed is refused, with the place of the wrong item; no world is left behind
   */
  async createWorld({ snapshot, ...options }: WorldOptions = {}): Promise<World> {
    const json = { ...options, ...(snapshot !== undefined && { snapshot: idOf(snapshot) }) }
    const world = new World(this.#client, await this.#client.ask('POST', '/worlds', { json }))
    this.#worlds.add(world)
    return world
  }

  /** All worlds of the server, whoever made them. */
  async worlds(): Promise<World[]> {
    const { worlds } = await this.#client.ask<{ worlds: WorldFields[] }>('GET', '/worlds')
    return worlds.map((fields) => new World(this.#client, fields))
  }

  /** Removes all worlds, whoever made them, and empties the first application; all ids start again at 1. */
  async reset(): Promise<void> {
    await this.#client.ask('POST', '/reset')
    this.#worlds.clear()
  }

  /** What all worlds used of the API, and what was only just taken. */
  async coverage(): Promise<Coverage> {
    return this.#client.ask('GET', '/coverage')
  }

  /**
   * Brings a snapshot that was downloaded, from this server or another one.
   * @param file its path, or what is in it
   * @throws ChatterieError where its version is not known here; the message names both
   */
  async uploadSnapshot(file: string | { content: string | Uint8Array<ArrayBuffer> }): Promise<Snapshot> {
    const content = typeof file === 'string' ? await readFile(file) : file.content
    const raw = { type: 'application/x-ndjson', content }
    return new Snapshot(this.#client, await this.#client.ask('POST', '/snapshots', { raw }))
  }

  /**
   * Ends the server, where it was started here; of a server that was connected to, removes the worlds made here. Once,
   * however often it is called.
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
    super(new TestApiClient(url, undefined), stop)
    this.clientId = clientId
    this.clientSecret = clientSecret
    this.apiKey = apiKey
    this.accessToken = accessToken
  }
}
