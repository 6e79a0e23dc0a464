// A benign backend: creates resources to attack, and checks that others are still served.
import { v4 as uuid } from 'uuid'
import type { NewCredentials } from '#domain/applications/create-application.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import { frame, StompClient } from '../stomp/stomp-client.ts'
import type { UserDocument } from '../support/documents.ts'
import { patienceMs } from '../support/patience.ts'
import { World } from './world.ts'

export class Backend {
  readonly #url: string
  readonly #token: string

  static async open(port: number, credentials: NewCredentials): Promise<Backend> {
    const { clientId, clientSecret } = credentials
    const url = `http://127.0.0.1:${port}`
    const answer = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
    })
    const { access_token: token } = (await answer.json()) as { access_token: string }
    return new Backend(url, token)
  }

  private constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  get token(): string {
    return this.#token
  }

  async ask<T = { id: number }>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.#url}/v1${path}`, {
      method,
      signal: AbortSignal.timeout(patienceMs),
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
    return JSON.parse(text)
  }
}

/** Restores what an attack may have deleted, and creates new resources, so that ids refer to something. */
export async function replenish(backend: Backend, world: World): Promise<void> {
  await backend.ask('PUT', '/application/settings', { guestUsers: 'ENABLED', userCreatedChannels: 'ENABLED' })
  const users = []
  for (let at = 0; at < 3; at += 1) {
    const name = `user-${uuid()}`
    users.push(
      await backend.ask<UserDocument>('POST', '/users', { name, displayName: 'Somebody', isGuest: false }),
    )
  }
  world.usernames.splice(0, Math.max(0, world.usernames.length - 6))
  world.usernames.push(...users.map(({ name }) => name))
  const members = users.map(({ id }) => ({ id }))
  world.newest.users = members.at(-1)?.id ?? 0
  for (const type of ['PUBLIC', 'PRIVATE', 'DIRECT']) {
    const group = type === 'DIRECT' ? {} : { creator: members[0] }
    const { id } = await backend.ask('POST', '/channels', { type, members, ...group })
    world.newest.channels = id
    const text = { type: 'TEXT', body: 'Hello, World! <@nobody> https://example.com', user: members[1] }
    const message = await backend.ask('POST', `/channels/${id}/messages`, text)
    world.newest.messages = message.id
    world.newest.threads = message.id
  }
}

/** Creates resources in an application, with a user who has grants. */
export async function createWorld(
  port: number,
  credentials: NewCredentials,
  backend: Backend,
): Promise<World> {
  const { apiKey, clientId, clientSecret } = credentials
  const world = new World({ port, token: backend.token, apiKey, clientId, clientSecret })
  await replenish(backend, world)
  const stomp = await StompClient.connect(
    port,
    { 'StompX-User': world.usernames[0] ?? '' },
    `/rtm?api-key=${apiKey}`,
  )
  const { readFileAccessGrant, writeFileAccessGrant } = currentUserHypermedia.relays
  for (const { pattern } of [readFileAccessGrant, writeFileAccessGrant]) {
    const [delivered] = await stomp.ask('SUBSCRIBE', { id: pattern, destination: pattern })
    world.grants.push(JSON.parse(delivered?.body ?? '{}').resource.grant)
  }
  stomp.ws.terminate()
  return world
}

/** A user of another application, who must not be affected. */
export class Canary {
  readonly #backend: Backend
  readonly #stomp: StompClient
  readonly #channelId: number
  #sung = 0

  static async start(port: number, { apiKey }: NewCredentials, backend: Backend): Promise<Canary> {
    const user = await backend.ask<UserDocument>('POST', '/users', {
      name: 'canary',
      displayName: 'Canary',
      isGuest: false,
    })
    const channel = await backend.ask('POST', '/channels', { type: 'PRIVATE', members: [{ id: user.id }] })
    const stomp = await StompClient.connect(port, { 'StompX-User': 'canary' }, `/rtm?api-key=${apiKey}`)
    const destination = currentUserHypermedia.topics.notifications.at({ id: user.id })
    await stomp.ask('SUBSCRIBE', { id: 'notifications', destination })
    await stomp.ask('SUBSCRIBE', { id: 'messages', destination: `/topic/channels/${channel.id}.messages` })
    return new Canary(backend, stomp, channel.id)
  }

  private constructor(backend: Backend, stomp: StompClient, channelId: number) {
    this.#backend = backend
    this.#stomp = stomp
    this.#channelId = channelId
  }

  /** Sends a message and waits until it is delivered. @returns what is wrong; undefined if nothing is */
  async sing(): Promise<string | undefined> {
    this.#sung += 1
    const body = `song ${this.#sung}`
    await this.#backend.ask('POST', `/channels/${this.#channelId}/messages`, { type: 'TEXT', body })
    const giveUp = Date.now() + patienceMs
    while (Date.now() < giveUp) {
      const timer = setTimeout(() => this.#stomp.send(frame('ACK', { id: 'x', receipt: 'late' })), 5_000)
      const heard = await this.#stomp.next().finally(() => clearTimeout(timer))
      if (heard.body.includes(`"${body}"`)) return undefined
    }
    return `the canary did not hear ${body}`
  }

  end(): void {
    this.#stomp.ws.terminate()
  }
}
