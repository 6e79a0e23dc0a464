// What faults are done to: real server processes on a Postgres of their own, each behind a network that can be cut.
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

/** How long a request may take; one that takes longer counts as one without an answer. */
const requestMs = 15_000

/** How long what must succeed is tried again. */
const insistMs = 60_000

export interface Instance {
  server: ServerProcess
  /** The way to it, also after it was started anew. */
  network: CutProxy
  /** Its home folder. */
  home: string
}

export class Stage {
  readonly apiKey = apiKey
  readonly folder: string
  readonly instances: Instance[] = []
  /** When a process, or Postgres, was killed; in ms since the epoch. */
  readonly deaths: { at: number }[] = []
  /** Answers that say that the server failed, other than that it cannot answer now. */
  readonly failures = new Set<string>()
  readonly #undo = new AsyncDisposableStack()
  /** Of all servers that are started from now on. */
  readonly settings: Record<string, string> = { FUNCTION_PROCESSES: '1', LINK_PREVIEWS: 'off' }
  /** Between the servers, where there are several. */
  redis: Redis | undefined
  #token: string | undefined

  /** @param build starts what the stage needs; what it has started is stopped where it fails */
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

  /** To be done when the stage closes; the last comes first. */
  defer(undo: () => unknown): void {
    this.#undo.defer(async () => void (await undo()))
  }

  close(): Promise<void> {
    return this.#undo.disposeAsync()
  }

  /** Starts one more server. @param home of its own, made by the server where it is missing */
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

  /** Kills a server; it is gone when this resolves. */
  async kill({ server: { child } }: Instance): Promise<void> {
    this.died()
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  /** Starts a server again where it was; resolves when it answers. */
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
   * One request through an instance, as a backend sends it.
   * @throws where no answer came
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

  /** The document of a request that must succeed; it is tried through one instance after the other. Only to read. */
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

  /** Makes something while nothing is broken. */
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
