// One Chatterie per folder. The lock is SQLite's own, on an empty file: the kernel holds it for the process and lets go
// at once when that dies, however it dies. A pid file alone would be fooled by zombies and by pids used again.

import { rmSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const SQLITE_BUSY = 5

/** Names the process which has the folder. */
export class FolderInUse extends Error {}

/** Takes the folder for this process. @throws FolderInUse */
export async function lockFolder(folder: string): Promise<{ release(): void }> {
  const pidFile = join(folder, 'owner.pid')
  for (let attempt = 1; ; attempt++) {
    const lock = tryLock(join(folder, 'lock'))
    if (lock) {
      await writeFile(pidFile, `${process.pid}\n`)
      let held = true
      return {
        release() {
          if (!held) return
          held = false
          rmSync(pidFile, { force: true })
          lock.close()
        },
      }
    }
    // Whoever has just taken the lock has yet to write its pid, and whoever is leaving will have gone in a moment.
    const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''))
    if (isAlive(pid) || attempt === 20) {
      throw new FolderInUse(`${folder} is in use by another Chatterie (process ${pid || 'unknown'})`)
    }
    await sleep(50)
  }
}

function tryLock(path: string): DatabaseSync | null {
  writeFileSync(path, '', { flag: 'a', mode: 0o600 }) // nobody else may open it, and so hold it
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

/** Whether there is a process of that number, ours or not. */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
