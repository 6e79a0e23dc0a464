// Finds and stops the server's process, and never mistakes another process for it.

import { execFile } from 'node:child_process'
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Cluster } from '#postgres/cluster.ts'
import { isAlive } from '#postgres/lock.ts'

const STOP_MS = 60_000
const ABANDON_MS = 5_000

export type Found = { pid: number; port: number; status: string }

/** Requests a fast shutdown of the server and waits until its process has ended. */
export async function stopPostmaster(cluster: Pick<Cluster, 'data'>, pid: number): Promise<void> {
  if (!(await isPostmaster(pid, cluster))) return
  process.kill(pid, 'SIGINT')
  const giveUpAt = performance.now() + STOP_MS
  while (await isPostmaster(pid, cluster)) {
    if (performance.now() > giveUpAt)
      throw new Error(`The embedded Postgres (process ${pid}) is taking too long to stop`)
    await sleep(5)
  }
}

/** Kills a server that is no longer usable, like a halt of the machine; committed data is on the disk. */
export async function killPostmaster(cluster: Pick<Cluster, 'data'>, pid: number): Promise<void> {
  const killAt = performance.now() + ABANDON_MS
  for (let signal: NodeJS.Signals = 'SIGQUIT'; await isPostmaster(pid, cluster); ) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    if (performance.now() > killAt) signal = 'SIGKILL'
    await sleep(20)
  }
}

/** Finds the server that runs on the cluster's files, by its pid file and by what the system says of the process. */
export async function findPostmaster(cluster: Pick<Cluster, 'data'>): Promise<Found | null> {
  const lines = readPidFile(cluster)
  const pid = Number(lines?.[0])
  if (!lines || !(await isPostmaster(pid, cluster))) return null
  return { pid, port: Number(lines[3]), status: lines[7]?.trim() ?? 'starting' }
}

/** Synchronous, like the checks below: a start polls often, and has other work to do in the event loop. */
export function readPidFile(cluster: Pick<Cluster, 'data'>): string[] | null {
  try {
    return readFileSync(pidFile(cluster), 'utf8').split('\n')
  } catch {
    return null
  }
}

/** Returns whether the process is alive and is a Postgres running in the cluster's data directory. */
export async function isPostmaster(pid: number, { data }: Pick<Cluster, 'data'>): Promise<boolean> {
  if (!isAlive(pid)) return false
  if (process.platform !== 'linux') return isPostmasterByName(pid, data)
  try {
    // A server's working directory is its data directory. A zombie has no executable; other users' are not readable.
    if (!basename(readlinkSync(`/proc/${pid}/exe`)).startsWith('postgres')) return false
    const there = statSync(`/proc/${pid}/cwd`)
    const here = statSync(data, { throwIfNoEntry: false })
    if (here) return there.ino === here.ino && there.dev === here.dev
    return readlinkSync(`/proc/${pid}/cwd`) === `${data} (deleted)`
  } catch {
    return false
  }
}

async function isPostmasterByName(pid: number, data: string): Promise<boolean> {
  const ps = promisify(execFile)('ps', ['-o', 'stat=,command=', '-p', `${pid}`])
  const { stdout } = await ps.catch(() => ({ stdout: '' }))
  return !stdout.startsWith('Z') && stdout.includes('postgres') && stdout.includes(data)
}

export function pidFile({ data }: Pick<Cluster, 'data'>): string {
  return join(data, 'postmaster.pid')
}
