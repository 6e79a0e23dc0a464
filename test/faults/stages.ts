// The systems under test for the faults.
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { Redis } from './redis.ts'
import { Stage } from './stage.ts'

const run = promisify(execFile)
const quiet = { debug() {}, info() {}, warn() {} }

/** One server with its embedded Postgres. */
export function openOne(): Promise<Stage> {
  return Stage.open(async (stage) => {
    await stage.addServer(join(stage.folder, 'home'))
  })
}

/** Two servers on one Postgres, with a Redis between them. */
export function openTwo(): Promise<Stage> {
  return Stage.open(async (stage) => {
    const redis = await Redis.start()
    stage.redis = redis
    stage.defer(() => redis.kill())
    const postgres = await startEmbeddedPostgres({ folder: join(stage.folder, 'postgres'), log: quiet })
    stage.defer(() => postgres.stop())
    Object.assign(stage.settings, {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      CHATTERIE_ENCRYPTION_KEY: '5a'.repeat(32),
      LOG_LEVEL: 'info', // says who leads
    })
    for (const name of ['first', 'second']) await stage.addServer(join(stage.folder, name))
  })
}

/** The database of an empty home takes 60 MB. */
const diskBytes = 256 * 1024 ** 2

/** One server with its embedded Postgres and its files on a small disk, which only root can mount. */
export function openOnSmallDisk(): Promise<Stage> {
  return Stage.open(async (stage) => {
    const home = join(stage.folder, 'home')
    await mkdir(home)
    await run('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes},mode=755`, 'tmpfs', home])
    stage.defer(() => run('umount', [home]))
    await stage.addServer(home)
  })
}
