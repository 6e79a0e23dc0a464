// Stops the Postgres of a process that died without stopping it, unless another process has adopted it; see guard.ts.
//
//   node orphan.ts <folder> <pid of the dead process> <folder to remove, or nothing> [<pid of Postgres>]

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inheritFolder } from '#postgres/lock.ts'
import { findPostmaster, stopPostmaster } from '#postgres/postmaster.ts'

const [folder = '', owner, removed, givenPid] = process.argv.slice(2)
const cluster = { data: join(folder, 'data') }

try {
  const lock = await inheritFolder(folder, Number(owner))
  if (lock) {
    lock.leaving()
    await stopPostmaster(cluster, (await findPostmaster(cluster))?.pid ?? Number(givenPid))
    lock.release()
  }
} catch {
  await stopPostmaster(cluster, Number(givenPid)) // the folder is gone; its Postgres would notice only within a minute
}
if (removed) await rm(removed, { recursive: true, force: true, maxRetries: 5 })
