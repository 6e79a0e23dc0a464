// One Chatterie per folder. The lock is SQLite's own, on an empty file: the kernel holds it for the process and
// releases it at once when the process dies, however it dies. A pid file alone would fail with zombies and reused pids.

import { rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const SQLITE_BUSY = 5

/** Names the process that holds the folder. */
export class FolderInUse extends Error {}

export interface FolderLock {
  /** From now on, others who want the folder wait for it instead of being refused. */
  leaving(): void
  release(): void
}

const retryMs = 50
/** A process that has just taken the lock may not have written its pid yet, and a killed one may still hold it. */
const patienceMs = 1_000
/** A Postgres that has much to write takes long to stop. */
const leavingPatienceMs = 70_000

/** Locks the folder for this process; waits for a process that is leaving it. @throws FolderInUse */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const began = performance.now()
  for (;;) {
    const lock = tryLock(join(folder, 'lock'))
    if (lock) return held(folder, lock)
    const { pid, isLeaving } = await readOwner(folder)
    const waited = performance.now() - began
    if (isLeaving ? waited > leavingPatienceMs : isAlive(pid) || waited > patienceMs) {
      throw new FolderInUse(`${folder} is in use by another Chatterie (process ${pid || 'unknown'})`)
    }
    await sleep(retryMs)
  }
}

/** Takes the folder over from a process that has died; returns null if another process was faster. */
export async function inheritFolder(folder: string, dead: number): Promise<FolderLock | null> {
  for (const giveUpAt = performance.now() + leavingPatienceMs; ; ) {
    const lock = tryLock(join(folder, 'lock'))
    if (lock) return held(folder, lock)
    const { pid } = await readOwner(folder)
    if ((pid > 0 && pid !== dead) || performance.now() > giveUpAt) return null
    await sleep(retryMs)
  }
}

/** Keeps references, because garbage collection would release a lock. */
const locks = new Set<DatabaseSync>()

function held(folder: string, lock: DatabaseSync): FolderLock {
  locks.add(lock)
  const pidFile = join(folder, 'owner.pid')
  writeFileSync(pidFile, `${process.pid}\n`)
  let isHeld = true
  return {
    leaving() {
      if (isHeld) writeFileSync(pidFile, `${process.pid} leaving\n`)
    },
    release() {
      if (!isHeld) return
      isHeld = false
      rmSync(pidFile, { force: true })
      lock.close()
      locks.delete(lock)
    },
  }
}

async function readOwner(folder: string): Promise<{ pid: number; isLeaving: boolean }> {
  const text = await readFile(join(folder, 'owner.pid'), 'utf8').catch(() => '')
  const [pid, state] = text.trim().split(' ')
  return { pid: Number(pid), isLeaving: state === 'leaving' }
}

function tryLock(path: string): DatabaseSync | null {
  writeFileSync(path, '', { flag: 'a', mode: 0o600 }) // only we may open it, and so lock it
  const database = new DatabaseSync(path)
  try {
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null
    throw new Error(`Cannot lock ${path}`, { cause: error })
  }
}

/** Returns whether a process with this pid exists, ours or not. */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
