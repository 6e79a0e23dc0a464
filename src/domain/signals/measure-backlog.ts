import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { readBacklog } from '#data/events/backlog.ts'

/** How long the database may take to answer. */
const patienceMs = 1_000

type Measured = ReturnType<typeof readBacklog>
/** Measurements in progress, which concurrent callers share, so that a slow database is not queried again and again. */
const measuring = new WeakMap<Context, Measured>()

/** Measures how much work is waiting in the database. @throws Error if it does not answer within a second */
export async function measureBacklog(ctx: Context): Promise<Awaited<Measured>> {
  const measured = measuring.get(ctx) ?? begin(ctx)
  const over = new AbortController()
  const late = sleep(patienceMs, undefined, { signal: over.signal, ref: false }).then(() => {
    throw new Error(`No answer within ${patienceMs} ms`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([measured, late])
  } catch (error) {
    ctx.log.warn({ err: error }, 'the backlog could not be measured')
    throw error
  } finally {
    over.abort()
  }
}

function begin(ctx: Context): Measured {
  const measured = readBacklog(ctx.db, patienceMs)
  measuring.set(ctx, measured)
  const done = () => measuring.delete(ctx)
  measured.then(done, done)
  return measured
}
