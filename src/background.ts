// Entry point of the process for background work. It has a heap and an event loop of its own, so that an import does not
// slow down users who send messages, and all of its memory is free again when the work is done.
import { once } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import { keepCompiledCode } from '#cache.ts'
import type { Asked, Reported } from '#jobs/background-process.ts'

// The reader of the output may go away ("| head"), as in runServer.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
// Terminals and service managers send signals to all processes; the server stops this one in its turn.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
// The server was killed: another one continues its unfinished jobs, or the same after its next start.
process.on('disconnect', () => process.exit())

const [{ databaseUrl }] = (await once(process, 'message')) as [Exclude<Asked, string>]
keepCompiledCode(process.env)
const [{ openLog }, { readConfig }, { openContext }, { watchProcess }, { Worker }] = await Promise.all([
  import('#log.ts'),
  import('#config.ts'),
  import('#context.ts'),
  import('#metrics/watch.ts'),
  import('#jobs/worker.ts'),
])

const config = readConfig(process.env)
const log: FastifyBaseLogger = await openLog(config)
const ctx = openContext(config, log, databaseUrl, { kind: 'background' })
watchProcess(ctx.metrics, ctx.db.pool)
const worker = new Worker(ctx)

// Events that are written here are published by the dispatcher of the server.
ctx.db.onEvents(() => report('events'))
process.on('message', async (asked: Asked) => {
  if (asked === 'metrics') report({ metrics: ctx.metrics.snapshots() })
  if (asked !== 'stop') return
  await worker.stop()
  await ctx.settled()
  await ctx.db.close()
  const counted = ctx.metrics.snapshots().filter(({ type }) => type !== 'gauge')
  report({ counted }, () => process.exit())
})
worker.start()

function report(message: Reported, sent = () => {}): void {
  process.send?.(message, undefined, undefined, sent)
}
