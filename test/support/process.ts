// The server as its operator knows it: a process of its own, on a home folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { findLauncher } from './compiled.ts'

export interface ServerProcess {
  child: ChildProcess
  url: string
  /** What it has printed so far, both streams. */
  output(): string
  /** Sends a signal and waits for the end. @returns the exit code, or null where the signal ended it */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Runs `chatterie start`; does not wait for anything. */
export async function spawnServer(settings: Record<string, string>): Promise<ServerProcess> {
  const port = Number(settings.PORT ?? (await freePort()))
  const child = spawn(process.execPath, [await findLauncher(), 'start'], {
    env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', ...settings, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const ended = once(child, 'close') as Promise<[number | null]>
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    async end(signal) {
      child.kill(signal)
      return (await ended)[0]
    },
  }
}

/** Runs the server and waits until it answers. */
export async function startServerProcess(settings: Record<string, string>): Promise<ServerProcess> {
  const server = await spawnServer(settings)
  const giveUpAt = Date.now() + 90_000
  for (;;) {
    const isUp = await fetch(`${server.url}/health`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (isUp) return server
    if (server.child.exitCode !== null || Date.now() > giveUpAt) {
      server.child.kill('SIGKILL')
      throw new Error(`The server did not start: ${server.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
