// The process: settings, database, context, app; then it listens until it is told to stop.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { type Config, readConfig } from '#config.ts'
import type { Context } from '#context.ts'
import type { FirstApplication } from '#domain/applications/ensure-first-application.ts'

/** Undoes what has been started, last things first. */
const started: (() => Promise<unknown>)[] = []

// What is loaded from here on is compiled once and kept for the next start: 0.25 s less.
enableCompileCache()

/** How long a stop may take before the process leaves anyway. */
const stopMs = 30_000

try {
  await start(readConfig(process.env))
} catch (error) {
  process.stderr.write(`Chatterie cannot start: ${error instanceof Error ? error.message : error}\n`)
  await stop()
  process.exit(1)
}

async function start(config: Config): Promise<void> {
  const log = pino({ level: config.logLevel })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      log.info({ signal }, 'stopping')
      setTimeout(() => process.exit(1), stopMs).unref()
      await stop()
      process.exit(0)
    })
  }

  // The server's code is loaded while the database starts.
  const [
    databaseUrl,
    { openContext },
    { openBus },
    { Node },
    { startServing },
    { Sweeper },
    { ensureFirstApplication },
  ] = await Promise.all([
    openDatabaseServer(config, log),
    import('#context.ts'),
    import('#bus/open.ts'),
    import('#data/node.ts'),
    import('#serve.ts'),
    import('#jobs/sweeper.ts'),
    import('#domain/applications/ensure-first-application.ts'),
  ])
  const node = new Node(databaseUrl, log)
  await node.start()
  started.push(() => node.close())
  const bus = await openBus(config.redisUrl, `chatterie:${node.installation}`, log)
  started.push(() => bus.close())
  const ctx = openContext(config, log, databaseUrl, { node, bus, environment: process.env })
  started.push(() => ctx.db.close())
  const first = await ensureFirstApplication(ctx)

  const sweeper = new Sweeper(ctx)
  sweeper.start()
  started.push(() => sweeper.stop())

  const { app, close } = await startServing(ctx)
  started.push(close)
  await app.listen({ port: config.port, host: config.host })
  await startBackground(ctx, databaseUrl)
  await introduce(ctx, app, first)
}

/** Background work begins when requests are served already. */
async function startBackground(ctx: Context, databaseUrl: string): Promise<void> {
  const { BackgroundThread } = await import('#jobs/background-thread.ts')
  const background = new BackgroundThread(ctx, databaseUrl)
  background.start()
  started.push(() => background.stop())
}

/** Gives the URL of a database of the right shape: the user's, or the embedded one's. */
async function openDatabaseServer(config: Config, log: pino.Logger): Promise<string> {
  const url = config.databaseUrl ?? (await startEmbedded(config, log))
  const { migrate } = await import('#data/migrate.ts')
  await migrate(url, log)
  return url
}

async function startEmbedded(config: Config, log: pino.Logger): Promise<string> {
  const { startEmbeddedPostgres } = await import('#data/embedded-postgres.ts')
  const postgres = await startEmbeddedPostgres({ folder: join(config.home, 'postgres'), log })
  started.push(() => postgres.stop())
  return postgres.url
}

async function stop(): Promise<void> {
  for (const undo of started.splice(0).reverse()) {
    await undo().catch((error) => process.stderr.write(`While stopping: ${error}\n`))
  }
}

/** Prints where it listens and with which credentials; the secret's value only once, when it is made. */
async function introduce(ctx: Context, app: FastifyInstance, first: FirstApplication): Promise<void> {
  const url = ctx.baseUrl(reachable(app))
  const kept = join(ctx.config.home, 'credentials.json')
  if (first.isNew) {
    const { isNew: _, ...credentials } = first
    await mkdir(ctx.config.home, { recursive: true }) // with DATABASE_URL nobody made it yet
    await writeFile(kept, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  }
  const isKept = await readFile(kept, 'utf8').then(
    (text) => JSON.parse(text).clientId === first.clientId,
    () => false,
  )
  const secret = first.isNew
    ? first.clientSecret
    : ctx.config.clientSecret
      ? '(from CHATTERIE_CLIENT_SECRET)'
      : isKept
        ? `(kept in ${kept})`
        : '(known to whoever started Chatterie first)'
  const curlSecret = first.isNew ? first.clientSecret : '$SECRET'
  const lines = [
    'Chatterie is ready',
    '',
    `Base URL       ${url}`,
    `Client id      ${first.clientId}`,
    `Client secret  ${secret}`,
    `API key        ${first.apiKey}`,
  ]
  const width = Math.max(...lines.map((line) => line.length))
  const edge = '─'.repeat(width + 2)
  process.stdout.write(
    `┌${edge}┐\n${lines.map((line) => `│ ${line.padEnd(width)} │`).join('\n')}\n└${edge}┘\n` +
      `Try it:${first.isNew ? '' : ' (with the secret in $SECRET)'}\n` +
      `curl -s -u "${first.clientId}:${curlSecret}" -d grant_type=client_credentials ${url}/oauth/token\n`,
  )
}

function reachable(app: FastifyInstance): string {
  const address = app.server.address()
  if (typeof address !== 'object' || address === null) return 'http://localhost'
  const anywhere = ['0.0.0.0', '::', '127.0.0.1', '::1'].includes(address.address)
  return `http://${anywhere ? 'localhost' : address.address}:${address.port}`
}
