// `chatterie start`.
import { mustBeReadable } from '#cli/arguments.ts'
import { type Output, UsageError } from '#cli/output.ts'
import { makeEphemeral, makeEphemeralHome } from '#ephemeral.ts'
import { runServer } from '#process.ts'

interface Options {
  port?: string
  host?: string
  ephemeral?: boolean
  databaseFromEnvironment?: boolean
  seed?: string
  untilInputEnds?: boolean
}

/** Starts the server in this process. Options take precedence over environment variables. */
export async function start(options: Options, { json }: Output): Promise<void> {
  const {
    port,
    host,
    seed,
    ephemeral = false,
    databaseFromEnvironment = false,
    untilInputEnds = false,
  } = options
  if (databaseFromEnvironment && !ephemeral)
    throw new UsageError('--database-from-environment requires --ephemeral')
  if (databaseFromEnvironment && !process.env.DATABASE_URL)
    throw new UsageError('--database-from-environment requires DATABASE_URL')
  if (seed !== undefined && !ephemeral) throw new UsageError('--seed requires --ephemeral')
  if (seed !== undefined) await mustBeReadable(seed)
  if (port !== undefined) process.env.PORT = port
  if (host !== undefined) process.env.HOST = host
  if (json) process.env.CHATTERIE_OUTPUT = 'json'
  const ephemeralHome = ephemeral ? await makeEphemeralHome() : undefined
  if (ephemeralHome !== undefined) {
    makeEphemeral(process.env, { home: ephemeralHome, keepsDatabase: databaseFromEnvironment })
  }
  await runServer({ ephemeralHome, seed, untilInputEnds })
}
