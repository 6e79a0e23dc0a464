// Starts the server, or adopts the one that is still running.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, renameSync, statSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Cluster, cleanEnvironment, pathSeenByPostgres, SUPERUSER } from '#postgres/cluster.ts'
import type { Guard } from '#postgres/guard.ts'
import { isAlive } from '#postgres/lock.ts'
import {
  type Found,
  findPostmaster,
  isPostmaster,
  killPostmaster,
  pidFile,
  readPidFile,
} from '#postgres/postmaster.ts'
import { StuckWatch } from '#postgres/stuck.ts'

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=256MB',
  'work_mem=8MB',
  'maintenance_work_mem=128MB',
  'effective_cache_size=1GB',
  'random_page_cost=1.1',
  'max_wal_size=2GB',
  // All commits wait while a new log segment is created: 50 ms if its 16 MB are zeroed and synced first. Without that,
  // the p99 of a send during an import fell from 54 ms to between 18 and 25 ms, and 1.09 times as many sends fit into
  // a second; at 32 connections, 1.25 times as many.
  'wal_init_zero=off',
  'checkpoint_timeout=15min',
  'jit=off',
  'timezone=UTC',
  'client_connection_check_interval=1s', // cancels the statements of a killed Chatterie
  'log_timezone=UTC',
  'log_checkpoints=off',
  'log_min_messages=log', // the server's own state; failed statements are reported to their clients
]

/** For data that may be lost if the machine halts. */
const EPHEMERAL_SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_wal_size=256MB', // it may be in memory
  'wal_recycle=off',
]

const RETRY_MS = 10_000
const LOG_BYTES_MAX = 10 * 1024 * 1024
const ANSWER_MS = 2_000
const CANNOT_CONNECT_NOW = '57P03'

/**
 * Returns the server on the cluster's files once it accepts connections: the one still running, or a new one, on the
 * given port or on any free one. The guard watches it from the beginning.
 */
export async function runPostmaster(
  cluster: Cluster,
  guard: Pick<Guard, 'watch'>,
  port?: number,
): Promise<Found & { adopted: boolean }> {
  const giveUpAt = performance.now() + RETRY_MS
  const watch = new StuckWatch()
  let attempt: Attempt | null = null
  for (;;) {
    const found = await findPostmaster(cluster)
    const adopted = found !== null && found.pid !== attempt?.child.pid
    if (found?.status === 'ready' && (!adopted || (await isAccepting(found.port)))) {
      guard.watch(found.pid)
      return { ...found, adopted }
    }
    if (!found && attempt?.ended()) {
      const reason = await attempt.output()
      if (!mayPass(reason) || performance.now() > giveUpAt) {
        throw new Error(`The embedded Postgres did not start: ${reason} (see ${logFile(cluster)})`)
      }
      cluster.log.debug({ reason }, 'embedded Postgres not started yet')
      attempt = null
      await sleep(100)
    } else if (!found && !attempt) {
      attempt = await startPostmaster(cluster, guard, port)
    } else if (found && (await watch.isStuck(found))) {
      cluster.log.warn({ postgresPid: found.pid }, 'the embedded Postgres is stuck and is started again')
      await killPostmaster(cluster, found.pid)
      attempt = null
    } else {
      await sleep(5) // starting, recovering after a crash, or stopping: each may take any time
    }
  }
}

/** Returns whether the server answers connections. Its pid file does not tell whether it is recovering from a crash. */
async function isAccepting(port: number): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password: 'not the right one',
    connectionTimeoutMillis: ANSWER_MS,
  })
  try {
    await client.connect()
    return true
  } catch (error) {
    return error instanceof pg.DatabaseError && error.code !== CANNOT_CONNECT_NOW
  } finally {
    await client.end().catch(() => {})
  }
}

type Attempt = { child: ChildProcess; ended(): boolean; output(): Promise<string> }

async function startPostmaster(
  cluster: Cluster,
  guard: Pick<Guard, 'watch'>,
  port?: number,
): Promise<Attempt> {
  await disownPidFile(cluster)
  const listenAt = port ?? (await freePort())
  const log = openLog(cluster)
  const child = spawn(
    cluster.binaries.postgres,
    [
      '-D',
      pathSeenByPostgres(cluster),
      '-p',
      `${listenAt}`,
      ...[...SETTINGS, ...(cluster.ephemeral ? EPHEMERAL_SETTINGS : []), ...cluster.settings].flatMap(
        (setting) => ['-c', setting],
      ),
    ],
    {
      cwd: cluster.data,
      env: cleanEnvironment,
      ...cluster.owner,
      detached: true, // its own session, so that Ctrl-C in our terminal does not reach it
      stdio: ['ignore', log.file, log.file],
    },
  )
  let failure: Error | undefined
  child.on('error', (error) => {
    failure = error
  })
  child.unref()
  cluster.waiting()
  if (child.pid) guard.watch(child.pid)
  closeSync(log.file)
  return {
    child,
    ended: () => failure !== undefined || child.exitCode !== null || child.signalCode !== null,
    output: async () => failure?.message ?? summary(await readFrom(logFile(cluster), log.size)),
  }
}

/** Makes Postgres treat the pid file of a dead server as stale, even if its pid belongs to another program now. */
async function disownPidFile(cluster: Cluster): Promise<void> {
  const lines = readPidFile(cluster)
  if (!lines) return
  const pid = Number(lines[0])
  if (!(pid > 0)) {
    await rm(pidFile(cluster)) // incompletely written
  } else if (isAlive(pid) && !(await isPostmaster(pid, cluster))) {
    // Postgres treats the pid of its own parent as stale, and then checks, by the shared memory that the file also
    // names, that nothing is left of the dead server. Without the file it could not check that.
    await writeFile(pidFile(cluster), [process.pid, ...lines.slice(1)].join('\n'))
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close() // frees the port at once, although its event comes later
  if (address === null || typeof address === 'string') throw new Error('no free TCP port on 127.0.0.1')
  return address.port
}

/** Synchronous, like the checks in postmaster.ts. */
function openLog(cluster: Cluster): { file: number; size: number } {
  const path = logFile(cluster)
  const old = statSync(path, { throwIfNoEntry: false })
  if (old && old.size > LOG_BYTES_MAX) renameSync(path, `${path}.1`)
  const file = openSync(path, 'a', 0o600)
  return { file, size: fstatSync(file).size }
}

async function readFrom(path: string, offset: number): Promise<string> {
  const bytes = await readFile(path)
  return bytes.subarray(offset).toString('utf8')
}

/** Summarises the output of a failed start: its fatal lines, or its last line. */
function summary(output: string): string {
  const lines = output
    .trim()
    .split('\n')
    .map((line) => line.replace(/^.*?\[\d+\] /, ''))
  const fatal = lines.filter((line) => /^(FATAL|PANIC|DETAIL|HINT)/.test(line))
  return fatal.length > 0 ? fatal.join(' ') : (lines.at(-1) ?? '')
}

/** Returns whether a retry may help: the port was taken meanwhile, or remains of a killed server are still present. */
function mayPass(reason: string): boolean {
  return /could not create any TCP|shared memory block|lock file/.test(reason)
}

function logFile({ folder }: Cluster): string {
  return join(folder, 'postgres.log')
}
