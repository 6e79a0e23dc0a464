// Starts a server in a separate process, which ends with this one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartedChatterie } from './chatterie.ts'
import type { Seed } from './seed.ts'
import { ServerProcess } from './server-process.ts'

const command = fileURLToPath(new URL('../../bin/chatterie.cjs', import.meta.url))

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

export interface StartOptions {
  /** The initial content of its first application. */
  seed?: Seed
  /** Defaults to any free port. */
  port?: number
  /**
   * A Postgres (15 or later) of your own, instead of one for this run only. Each start on it creates an application of
   * its own.
   */
  databaseUrl?: string
  /** The level from which the server's log is written to stderr; true means `info`. Defaults to no log. */
  log?: boolean | LogLevel
}

/**
 * Starts a server with a temporary home folder, which is removed when the server ends: by `close()` or with its parent.
 * @throws TypeError if there is no such option; Error with the server's output if it does not start
 */
export async function startChatterie(options: StartOptions = {}): Promise<StartedChatterie> {
  const { seed, port = 0, databaseUrl, log = false, ...unknown } = options
  for (const name of Object.keys(unknown)) throw new TypeError(`startChatterie has no option ${name}`)
  const args = ['start', '--ephemeral', '--json', '--port', String(port), '--until-input-ends']
  const settings: Record<string, string> = { LOG_LEVEL: log === true ? 'info' : log || 'error' }
  if (databaseUrl !== undefined) {
    args.push('--database-from-environment')
    settings.DATABASE_URL = databaseUrl
  }
  if (seed === undefined) return launch(args, settings, log !== false)
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-seed-'))
  try {
    const file = join(folder, 'seed.json')
    await writeFile(file, JSON.stringify(seed))
    return await launch([...args, '--seed', file], settings, log !== false)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function launch(args: string[], settings: Record<string, string>, isShown: boolean) {
  const server = new ServerProcess(command, args, settings, isShown)
  const access = await server.ready()
  server.unref()
  return new StartedChatterie(access, () => server.stop())
}
