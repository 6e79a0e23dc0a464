// The operator of the installation, who creates an application for each round of attacks on the admin API, because
// attacks may delete it.

import { patienceMs } from '../support/patience.ts'
import { Backend, replenish } from './backend.ts'
import { adminPassword } from './target.ts'
import { World } from './world.ts'

const roles = ['owner', 'developer', 'owner', 'moderator', 'owner', 'viewer'] as const

export class Owner {
  readonly #port: number
  readonly #headers: Record<string, string>
  #founded = 0

  /** Signs in once: the attacks exceed the limit of failed sign-ins of this address. */
  static async open(port: number): Promise<Owner> {
    const signedIn = new Owner(port, {})
    const body = { username: 'admin', password: adminPassword }
    const answer = await signedIn.#send('POST', '/session', body)
    const { csrfToken } = (await answer.json()) as { csrfToken: string }
    const [cookie = ''] = answer.headers.getSetCookie().map((each) => each.split(';', 1)[0])
    const here = new Owner(port, { cookie, 'x-csrf-token': csrfToken })
    const { key } = await here.#ask<{ key: string }>('POST', '/keys', { name: 'fuzzer', role: 'owner' })
    return new Owner(port, { authorization: `Bearer ${key}` })
  }

  private constructor(port: number, headers: Record<string, string>) {
    this.#port = port
    this.#headers = headers
  }

  /** Creates an application with some of every resource, and an admin key limited to it; each key has the next role. */
  async found(): Promise<World> {
    const role = roles[this.#founded % roles.length] ?? 'owner'
    this.#founded += 1
    const made = await this.#ask<Record<string, string> & { id: number }>('POST', '/applications', {
      name: 'Administered',
    })
    const { id, clientId = '', clientSecret = '', apiKey = '' } = made
    const { id: keys, key: token } = await this.#ask<{ id: number; key: string }>('POST', '/keys', {
      name: 'attacker',
      role,
      applications: [id],
    })
    const world = new World(
      { port: this.#port, token, apiKey, clientId, clientSecret },
      { applications: id, keys },
      0,
    )
    const backend = await Backend.open(this.#port, { apiKey, clientId, clientSecret })
    await replenish(backend, world)
    const of = `/applications/${id}`
    const create = async (what: string, path: string, body: object) => {
      world.newest[what] = (await this.#ask<{ id: number }>('POST', of + path, body)).id
    }
    const url = `http://127.0.0.1:1/`
    await create('webhooks', '/webhooks', { url, events: ['*'] })
    await create('deliveries', `/webhooks/${world.newest.webhooks}/test`, {})
    await create('functions', '/functions', { type: 'user.sent.message', name: 'echo' })
    await create('jobs', '/exports/users', {})
    return world
  }

  async #ask<T>(method: string, path: string, body: object): Promise<T> {
    return (await this.#send(method, path, body)).json() as Promise<T>
  }

  async #send(method: string, path: string, body: object): Promise<Response> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/admin/v1${path}`, {
      method,
      signal: AbortSignal.timeout(patienceMs),
      headers: { 'content-type': 'application/json', ...this.#headers },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
    return answer
  }
}
