// `chatterie exec`: runs a command with its own server.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { mustBeReadable } from '#cli/arguments.ts'
import { Failure } from '#cli/output.ts'
import type { Intercept } from '#intercept/intercept.ts'
import { fileOfPackage } from '#place.ts'
import { ServerProcess } from '#testing/server-process.ts'
import type { Access } from '#testing/world.ts'

interface Options {
  /** A file with the initial content of the first application. */
  seed?: string
  /** Whether to redirect programs that name ChatKitty's hosts to the server. */
  intercept?: boolean
}

/** As in shells. */
const exitCodes = { notExecutable: 126, notFound: 127, signal: 128 }

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Starts an ephemeral server, runs the command with the variables that describe it (testing contract 6), and stops the
 * server.
 * @throws UsageError if there is no such seed
 * @returns the command's exit code, or 128 plus the number of the signal that ended it
 */
export async function exec([command = '', ...args]: string[], options: Options): Promise<number> {
  if (options.seed !== undefined) await mustBeReadable(options.seed)
  const stopping = new AbortController()
  let child: ChildProcess | undefined
  for (const signal of passedOn) {
    process.on(signal, () => {
      stopping.abort(signal)
      // In a terminal, Ctrl-C reaches the command directly.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child?.kill(signal)
    })
  }
  const server = startServer(options)
  let intercept: Intercept | undefined
  try {
    const access = await server.ready().catch(() => {
      throw new Failure() // the server has already reported the reason
    })
    if (options.intercept) intercept = await interceptFor(access)
    const variables = { ...variablesOf(access), ...intercept?.environment }
    if (stopping.signal.aborted) return codeOf(null, stopping.signal.reason)
    child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...variables } })
    const [code, signal] = await once(child, 'exit').catch((error) => [refuse(command, error)])
    return codeOf(code, signal)
  } finally {
    await Promise.all([intercept?.close(), server.stop()])
  }
}

function startServer({ seed, intercept }: Options): ServerProcess {
  const args = ['start', '--ephemeral', '--json', '--port', '0', '--until-input-ends']
  if (seed !== undefined) args.push('--seed', seed)
  const settings: Record<string, string> = { LOG_LEVEL: process.env.LOG_LEVEL ?? 'error' }
  if (intercept) settings.TRUST_PROXY = 'loopback'
  return new ServerProcess(fileURLToPath(fileOfPackage('bin/chatterie.mjs')), args, settings, true)
}

async function interceptFor({ url }: Access): Promise<Intercept> {
  const { startIntercept } = await import('#intercept/intercept.ts')
  const warn = (line: string) => process.stderr.write(`Warning: ${line}\n`)
  return startIntercept({ url, environment: process.env, log: { warn } })
}

function codeOf(code: number | null, signal: NodeJS.Signals): number {
  return code ?? exitCodes.signal + constants.signals[signal]
}

/** Reports why a command could not be started, and returns the exit code for that. */
function refuse(command: string, { code, message }: NodeJS.ErrnoException): number {
  const reason = code === 'ENOENT' ? 'there is no such command' : message
  process.stderr.write(`error: ${command}: ${reason}\n`)
  return code === 'ENOENT' ? exitCodes.notFound : exitCodes.notExecutable
}

function variablesOf({ url, clientId, clientSecret, apiKey, accessToken }: Access): Record<string, string> {
  return {
    CHATTERIE_URL: url,
    CHATTERIE_HOST: new URL(url).host,
    CHATTERIE_CLIENT_ID: clientId,
    CHATTERIE_CLIENT_SECRET: clientSecret,
    CHATTERIE_API_KEY: apiKey,
    CHATTERIE_ACCESS_TOKEN: accessToken,
  }
}
