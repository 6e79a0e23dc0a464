// Keeps the server running while we run: it may die, or be alive but stuck.

import type { Cluster } from '#postgres/cluster.ts'
import type { Guard } from '#postgres/guard.ts'
import { findPostmaster, isPostmaster, killPostmaster } from '#postgres/postmaster.ts'
import { runPostmaster } from '#postgres/run-postmaster.ts'
import { StuckWatch } from '#postgres/stuck.ts'

const keepMs = 500

/** Restarts the server on the same port when it dies or is stuck. `end` stops that, and returns the current pid. */
export function keepRunning(
  cluster: Cluster,
  guard: Guard,
  first: number,
  port: number,
): { end(): Promise<number> } {
  let pid = first
  let looking: Promise<void> = Promise.resolve()
  const watch = new StuckWatch()
  const look = async () => {
    if (await isPostmaster(pid, cluster)) {
      const found = await findPostmaster(cluster)
      if (found?.pid !== pid || !(await watch.isStuck(found))) return guard.watch(pid)
      cluster.log.warn({ postgresPid: pid }, 'the embedded Postgres is stuck and is started again')
      await killPostmaster(cluster, pid)
    } else {
      cluster.log.warn({ postgresPid: pid }, 'the embedded Postgres died and is started again')
    }
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
