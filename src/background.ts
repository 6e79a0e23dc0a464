// Entry point of the thread for background work. The thread has a heap and an event loop of its own, so that an import
// does not slow down users who send messages, and its garbage never grows the heap of the main thread.
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

// Events that are written in this thread are published by the dispatcher of the main thread.
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
