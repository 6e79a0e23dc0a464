// Access to the database without the server: that of DATABASE_URL, of a running server, or one started temporarily.
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { openCache } from '#cache.ts'
import { type Config, readSettings } from '#config.ts'
import { type Context, openContext } from '#context.ts'
import { atCommandLine, type OperatorCaller } from '#domain/access/operator.ts'
import { mustNotBeNewer, prepareHome } from '#home-folder.ts'
import { findEmbeddedPostgres, startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { FolderInUse } from '#postgres/lock.ts'
import { migrate } from '#postgres/migrate.ts'

/** How long to wait for a server that has locked its folder but is still starting. */
const patienceMs = 30_000

/** Calls `work` with the context that the server's use cases need. */
export async function withContext<T>(work: (ctx: Context) => Promise<T>): Promise<T> {
  const config = readSettings()
  const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }))
  const database = await openDatabaseServer(config, log)
  try {
    const { unknown } = await migrate(database.url, log)
    if (!config.databaseUrl) mustNotBeNewer(config.home, unknown)
    const ctx = openContext(config, log, database.url)
    try {
      return await work(ctx)
    } finally {
      await ctx.db.close()
    }
  } finally {
    await database.stop()
  }
}

async function openDatabaseServer(config: Config, log: pino.Logger) {
  const guest = (url: string) => ({ url, stop: async () => {} })
  if (config.databaseUrl) return guest(config.databaseUrl)
  await prepareHome(config.home)
  const folder = join(config.home, 'postgres')
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    try {
      return await startEmbeddedPostgres({ folder, log, cache: openCache(config.cache) })
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error
      const running = await findEmbeddedPostgres(folder)
      if (running) return guest(running)
      if (performance.now() > giveUpAt) throw error
    }
    await sleep(50) // a server has locked the folder, and its Postgres is starting
  }
}

/** Returns the operator at the command line, named after the user of the machine. */
export function localOperator(): OperatorCaller {
  return atCommandLine(nameHere())
}

function nameHere(): string {
  try {
    return userInfo().username
  } catch {
    return `user id ${process.getuid?.()}` // users of containers may have no name
  }
}
