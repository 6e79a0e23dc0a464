// The system under test: real server processes with their own Postgres, each behind a proxy that can cut connections.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CutProxy, openProxy } from '../conformance/cut-proxy.ts'
import { testFolder } from '../support/folder.ts'
import { type ServerProcess, startServerProcess } from '../support/process.ts'
import type { Redis } from './redis.ts'

const clientId = 'faults'
const clientSecret = 'faults-secret'
const apiKey = '00000000-0000-4000-8000-00000000fa17'

/** The timeout of requests, which then count as unanswered. */
const requestMs = 15_000

/** How long requests that must succeed are retried. */
const insistMs = 60_000

export interface Instance {
  server: ServerProcess
  /** The proxy to the server, also after a restart. */
  network: CutProxy
  /** Its home folder. */
  home: string
}

export class Stage {
  readonly apiKey = apiKey
  readonly folder: string
  readonly instances: Instance[] = []
  /** When a process or Postgres was killed, in ms since the epoch. */
  readonly deaths: { at: number }[] = []
  /** Answers that report a failure of the server, except for temporary unavailability. */
  readonly failures = new Set<string>()
  readonly #undo = new AsyncDisposableStack()
  /** Settings of all servers that are started from now on. */
  readonly settings: Record<string, string> = { FUNCTION_PROCESSES: '1', LINK_PREVIEWS: 'off' }
  /** The Redis between the servers, if there are several. */
  redis: Redis | undefined
  #token: string | undefined

  /** @param build starts the processes; those already started are stopped if it fails */
  static async open(build: (stage: Stage) => Promise<void>): Promise<Stage> {
    const stage = new Stage(await mkdtemp(join(testFolder(), 'chatterie-faults-')))
    try {
      await build(stage)
      return stage
    } catch (error) {
      await stage.close()
      throw error
    }
  }

  private constructor(folder: string) {
    this.folder = folder
    this.defer(() => rm(folder, { recursive: true, force: true }))
  }

  /** Runs work when the stage closes, in reverse order. */
  defer(undo: () => unknown): void {
    this.#undo.defer(async () => void (await undo()))
  }

  close(): Promise<void> {
    return this.#undo.disposeAsync()
  }

  /** Starts another server. @param home its home folder, which it creates if necessary */
  async addServer(home: string): Promise<Instance> {
    const server = await startServerProcess(this.#settingsOf(home))
    const instance = { server, home, network: await openProxy(server.url) }
    this.defer(async () => {
      await instance.network.close()
      instance.server.child.kill('SIGCONT')
      await instance.server.end('SIGTERM')
    })
    this.instances.push(instance)
    return instance
  }

  /** Kills a server. Resolves when the process has ended. */
  async kill({ server: { child } }: Instance): Promise<void> {
    this.died()
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  /** Restarts a server with the same home and address. Resolves when it answers. */
  async restart(instance: Instance): Promise<void> {
    const port = new URL(instance.server.url).port
    instance.server = await startServerProcess({ ...this.#settingsOf(instance.home), PORT: port })
  }

  died(): void {
    this.deaths.push({ at: Date.now() })
  }

  #settingsOf(home: string): Record<string, string> {
    return {
      CHATTERIE_HOME: home,
      CHATTERIE_CLIENT_ID: clientId,
      CHATTERIE_CLIENT_SECRET: clientSecret,
      CHATTERIE_API_KEY: apiKey,
      RATE_LIMIT_PER_SECOND: 'off',
      ...this.settings,
    }
  }

  // ---------------------------------------------------------------------------------------- requests

  /**
   * Sends a request to an instance as a backend.
   * @throws if there is no answer
   */
  async request(instance: Instance, method: string, path: string, body?: unknown): Promise<Response> {
    this.#token ??= await this.#authorize(instance)
    const isForm = body instanceof FormData
    const answer = await fetch(`${instance.network.url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(requestMs),
    })
    const { status, headers } = answer
    if (status > 503 || (status >= 500 && status < 503)) this.failures.add(`${method} answers ${status}`)
    if (status === 503 && !headers.has('retry-after'))
      this.failures.add(`${method} answers 503 without Retry-After`)
    return answer
  }

  /** Returns the body of a read that must succeed. It is retried with one instance after the other. */
  async get<T>(path: string): Promise<T> {
    const giveUpAt = Date.now() + insistMs
    for (let attempt = 0; ; attempt++) {
      const instance = this.instances[attempt % this.instances.length] as Instance
      try {
        const answer = await this.request(instance, 'GET', path)
        if (answer.ok) return (await answer.json()) as T
        if (Date.now() > giveUpAt) throw new Error(`GET ${path} answers ${answer.status}`)
        await answer.body?.cancel()
      } catch (error) {
        if (Date.now() > giveUpAt) throw error
      }
      await sleep(100)
    }
  }

  /** Creates a resource while there is no fault. */
  async create<T = { id: number }>(path: string, body: unknown): Promise<T> {
    const answer = await this.request(this.instances[0] as Instance, 'POST', path, body)
    if (!answer.ok) throw new Error(`POST ${path} answers ${answer.status}: ${await answer.text()}`)
    return answer.json() as Promise<T>
  }

  async #authorize({ network }: Instance): Promise<string> {
    const answer = await fetch(`${network.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }
}
