// The environment of benchmarks: an embedded Postgres in a temporary folder, and the measured processes. Closing it
// stops them all and removes the folder.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { migrate } from '#postgres/migrate.ts'

export interface Running {
  port: number
  child: ChildProcess
}

export interface Server extends Running {
  token: string
  databaseUrl: string
}

const log = { debug() {}, info() {}, warn: console.warn }
const root = join(import.meta.dirname, '..', '..')
const clientId = 'bench'
const clientSecret = 'bench-secret'
const stopMs = 15_000

export class Stage {
  readonly #undo = new AsyncDisposableStack()
  /** Where servers write a CPU profile when they stop; undefined for no profiles. */
  readonly #profiles: string | undefined
  readonly folder: string
  #closed: Promise<void> | undefined
  #postgres: ReturnType<typeof startEmbeddedPostgres> | undefined

  static async open({ profiles }: { profiles?: string | undefined }): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'chatterie-bench-')), profiles)
  }

  private constructor(folder: string, profiles: string | undefined) {
    this.folder = folder
    this.#profiles = profiles
    this.#undo.defer(() => rm(folder, { recursive: true, force: true }))
  }

  /** Idempotent, because an interrupted run calls it again while it closes. */
  close(): Promise<void> {
    this.#closed ??= this.#undo.disposeAsync()
    return this.#closed
  }

  /** Creates a database with the current schema; starts Postgres if necessary. @returns its URL */
  async createDatabase(name: string): Promise<string> {
    const url = await this.createEmptyDatabase(name)
    await migrate(url, log)
    return url
  }

  /** Creates an empty database. @returns its URL */
  async createEmptyDatabase(name: string): Promise<string> {
    const postgres = await this.#startPostgres()
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query(`create database ${name}`).finally(() => client.end())
    const url = new URL(postgres.url)
    url.pathname = name
    return url.href
  }

  /** Returns the pid of the parent of all processes of Postgres. */
  async postgresPid(): Promise<number> {
    await this.#startPostgres()
    return Number.parseInt(
      await readFile(join(this.folder, 'postgres', 'data', 'postmaster.pid'), 'utf8'),
      10,
    )
  }

  #startPostgres() {
    if (!this.#postgres) {
      const starting = startEmbeddedPostgres({ folder: join(this.folder, 'postgres'), log })
      this.#postgres = starting
      this.#undo.defer(() => starting.then((postgres) => postgres.stop()))
    }
    return this.#postgres
  }

  /** Starts Chatterie in its own process, and gets a token of its first application. */
  async startServer(databaseUrl: string): Promise<Server> {
    const flags = this.#profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profiles}`]
    const child = this.spawn(process.execPath, [...flags, 'src/main.ts'], {
      PORT: '0',
      CHATTERIE_HOME: join(this.folder, 'home'),
      DATABASE_URL: databaseUrl,
      CHATTERIE_CLIENT_ID: clientId,
      CHATTERIE_CLIENT_SECRET: clientSecret,
      RATE_LIMIT_PER_SECOND: '1000000', // counted, never reached
      LOG_LEVEL: 'warn',
      SLOW_STATEMENT_MS: 'off', // all statements of a server that is stopped while others are measured are slow
    })
    const port = Number(await firstMatch(child, /Base URL\s+http:\/\/localhost:(\d+)/))
    const answer = await fetch(`http://127.0.0.1:${port}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const { access_token: token } = (await answer.json()) as { access_token: string }
    return { child, port, token, databaseUrl }
  }

  startBaseline(databaseUrl: string, applicationId: number): Promise<Running> {
    return this.startBare('bench/requests/baseline.ts', {
      DATABASE_URL: databaseUrl,
      APPLICATION_ID: String(applicationId),
    })
  }

  /** Starts the baseline of the real-time API. */
  startBareSockets(): Promise<Running> {
    return this.startBare('bench/sockets/bare-sockets.ts', {})
  }

  /** Starts a program whose only output is the number of its port. */
  async startBare(program: string, settings: Record<string, string>): Promise<Running> {
    const child = this.spawn(process.execPath, [program], settings)
    return { child, port: Number(await firstMatch(child, /^(\d+)$/)) }
  }

  /** Starts a program in the repository's folder, with only the given settings. */
  spawn(command: string, args: string[], settings: Record<string, string>): ChildProcess {
    if (this.#undo.disposed) throw new Error('The benchmark is ending')
    const { DATABASE_URL: _, PUBLIC_URL: __, ...inherited } = process.env
    const child = spawn(command, args, {
      cwd: root,
      env: { ...inherited, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true, // a group of its own, because npm does not pass signals on
    })
    this.#undo.defer(() => stop(child))
    return child
  }
}

/** Stops a process and its children, and waits until they have ended. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.stdout?.closed) return
  const closed = once(child, 'close')
  signal(child, 'SIGCONT')
  signal(child, 'SIGTERM')
  const impatience = setTimeout(() => signal(child, 'SIGKILL'), stopMs)
  await closed
  clearTimeout(impatience)
}

/** Sends a signal to a process and its children. */
export function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name)
  } catch {
    // It has ended already.
  }
}

/** Returns the group of the pattern in the first output line that matches. Log lines, also later ones, are shown. */
async function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
  const { stdout } = child
  if (!stdout) throw new Error('The output of the process cannot be read')
  return new Promise((resolve, reject) => {
    createInterface(stdout)
      .on('line', (line) => {
        const found = pattern.exec(line)?.[1]
        if (found !== undefined) resolve(found)
        if (line.startsWith('{')) process.stderr.write(`${line}\n`)
      })
      .on('close', () => reject(new Error(`The process ended early: ${child.spawnargs.join(' ')}`)))
  })
}
