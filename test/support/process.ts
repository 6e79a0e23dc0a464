// Runs the server as an operator does: in its own process, with its own home folder.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { findLauncher } from './compiled.ts'
import { patienceMs } from './patience.ts'

export interface ServerProcess {
  child: ChildProcess
  url: string
  /** Returns the output so far, of both streams. */
  output(): string
  /** Sends a signal and waits for the exit. @returns the exit code, or null if the signal ended the process */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Returns a port that was free at the time of the call. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Runs `chatterie start` without waiting until the server answers. */
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

/** Runs `chatterie start` and waits until the server answers. */
export async function startServerProcess(settings: Record<string, string>): Promise<ServerProcess> {
  const server = await spawnServer(settings)
  const giveUpAt = Date.now() + patienceMs
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

/** Runs `chatterie start`, which must fail. Returns its output. */
export async function failedStart(settings: Record<string, string>): Promise<string> {
  const { child, output } = await spawnServer(settings)
  const [code] = await once(child, 'close')
  if (code !== 1) throw new Error(`It ended with ${code}: ${output()}`)
  return output()
}
