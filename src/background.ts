// The thread of background work. It has its own heap and its own event loop, so that those who send messages do not
// feel an import, and what an import leaves to the garbage collector never grows large.
import { parentPort, workerData } from 'node:worker_threads'
import type { FastifyBaseLogger } from 'fastify'
import { keepCompiledCode } from '#cache.ts'
import type { Asked } from '#jobs/background-thread.ts'

keepCompiledCode(process.env)
const [{ openLog }, { readConfig }, { openContext }, { watchThread }, { Worker }] = await Promise.all([
  import('#log.ts'),
  import('#config.ts'),
  import('#context.ts'),
  import('#metrics/watch.ts'),
  import('#jobs/worker.ts'),
])

const { databaseUrl } = workerData as { databaseUrl: string }
const config = readConfig(process.env)
const log: FastifyBaseLogger = await openLog(config)
const ctx = openContext(config, log, databaseUrl, { thread: 'background' })
watchThread(ctx.metrics, ctx.db.pool)
const worker = new Worker(ctx)

// What is written here is published there, by the dispatcher of the main thread.
ctx.db.onEvents(() => parentPort?.postMessage('events'))
parentPort?.on('message', async (asked: Asked) => {
  if (asked === 'metrics') {
    parentPort?.postMessage(ctx.metrics.snapshots())
    return
  }
  await worker.stop()
  await ctx.settled()
  await ctx.db.close()
  process.exit()
})
worker.start()
