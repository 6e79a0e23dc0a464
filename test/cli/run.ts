// Runs the command line as a shell would.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { findLauncher } from '../support/compiled.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/**
 * Settings are all that the command finds in its environment, and where programs are. It does not warn of slow
 * statements, which a busy machine has anywhere.
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
  /** SIGTERM, and the exit code. */
  stop(): Promise<number>
}

/** `chatterie start` on a free port, once it says that it is ready. */
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
