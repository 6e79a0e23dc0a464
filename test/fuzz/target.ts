// The server that is attacked, run as an operator would, with a database that can be inspected.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { openDatabase } from '#data/open-database.ts'
import { createApplication, type NewCredentials } from '#domain/applications/create-application.ts'

const root = join(import.meta.dirname, '../..')
/** The password of the operator `admin`. */
export const adminPassword = 'a password of the fuzzer'
const startMs = 60_000
const stopMs = 35_000

/** What a process holds after a garbage collection. */
export interface Held {
  heldMb: number
  rssMb: number
  handles: number
}

export class Target {
  readonly port: number
  readonly applications: NewCredentials[]
  /** The errors that the server logged, and its last output if it died. */
  readonly complaints: string[] = []
  readonly #child: ChildProcess
  readonly #client: pg.Client

  static async start(databaseUrl: string, home: string): Promise<Target> {
    const { DATABASE_URL: _, PUBLIC_URL: __, REDIS_URL: ___, NODE_OPTIONS: ____, ...inherited } = process.env
    const child = fork(join(root, 'src/main.ts'), {
      cwd: root,
      execArgv: ['--expose-gc', '--import', new URL('probe.ts', import.meta.url).href],
      env: {
        ...inherited,
        PORT: '0',
        CHATTERIE_HOME: home,
        DATABASE_URL: databaseUrl,
        RATE_LIMIT_PER_SECOND: 'off',
        CHATTERIE_ADMIN_PASSWORD: adminPassword,
        FUNCTION_PROCESSES: '2',
        LINK_PREVIEWS: 'off',
        LOG_LEVEL: 'error',
        // No package can be installed, and nothing waits for one.
        npm_config_registry: 'http://127.0.0.1:1/',
        npm_config_fetch_retries: '0',
      },
      silent: true,
    })
    const complaints: string[] = []
    child.stderr?.setEncoding('utf8').on('data', (text) => complaints.push(text.slice(0, 4_000)))
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('The server did not start in time')), startMs)
      if (!child.stdout) throw new Error('The output of the server cannot be read')
      createInterface(child.stdout).on('line', (line) => {
        const found = /Base URL\s+http:\/\/localhost:(\d+)/.exec(line)?.[1]
        if (line.startsWith('{')) complaints.push(line.slice(0, 4_000))
        if (found === undefined) return
        clearTimeout(timer)
        resolve(Number(found))
      })
      child.once('exit', () => reject(new Error(`The server did not start: ${complaints.join('\n')}`)))
    })
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    const database = openDatabase(databaseUrl, () => undefined)
    const applications = []
    for (const name of ['Fuzzed', 'Canary']) {
      applications.push(await database.transact((tx) => createApplication(tx, name)))
    }
    await database.close()
    return new Target(port, child, client, applications, complaints)
  }

  private constructor(
    port: number,
    child: ChildProcess,
    client: pg.Client,
    applications: NewCredentials[],
    complaints: string[],
  ) {
    this.port = port
    this.#child = child
    this.#client = client
    this.applications = applications
    this.complaints = complaints
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async held(): Promise<Held> {
    this.#child.send('held')
    const [held] = await once(this.#child, 'message', { signal: AbortSignal.timeout(startMs) })
    return held
  }

  /** Returns the first cell of a statement's result. */
  async count(text: string): Promise<number> {
    const { rows } = await this.#client.query({ text, rowMode: 'array' })
    return Number(rows[0]?.[0])
  }

  async run(text: string): Promise<void> {
    await this.#client.query(text)
  }

  async stop(): Promise<void> {
    await this.#client.end()
    if (!this.isAlive) return
    const ended = once(this.#child, 'exit')
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), stopMs)
    this.#child.kill('SIGTERM')
    await ended
    clearTimeout(impatience)
  }
}
