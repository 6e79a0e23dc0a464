// Runs the command line like a shell.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { findLauncher } from '../support/compiled.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/**
 * The command's environment contains only the settings and PATH. Warnings about slow statements are off, because any
 * statement can be slow on a busy machine.
 */
export async function chatterie(
  args: string[],
  settings: Record<string, string>,
  nodeOptions: string[] = [],
): Promise<Ran> {
  const child = spawn(process.execPath, [...nodeOptions, await findLauncher(), ...args], {
    env: { PATH: process.env.PATH, SLOW_STATEMENT_MS: 'off', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code, stdout, stderr }
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export interface RunningServer {
  url: string
  /** Sends SIGTERM, and resolves with the exit code. */
  stop(): Promise<number>
}

/** Runs `chatterie start` on a free port, and resolves once it is ready. */
export async function startByCommand(settings: Record<string, string>): Promise<RunningServer> {
  const child = spawn(process.execPath, [await findLauncher(), 'start', '--port', '0'], {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'error', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { url: await readiness(child), stop: () => stop(child) }
}

async function readiness(child: ChildProcess): Promise<string> {
  let said = ''
  for await (const chunk of child.stdout ?? []) {
    said += chunk
    const url = /Base URL +(\S+)/.exec(said)?.[1]
    if (url && said.includes('oauth/token')) {
      child.stdout?.resume()
      return url
    }
  }
  throw new Error(`The server did not start: ${said}`)
}

async function stop(child: ChildProcess): Promise<number> {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = await exited
  return code
}
