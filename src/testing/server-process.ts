// The process of a server that was started here: its output, and its end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Access } from './world.ts'

/** How long a start may take; the very first one creates a database cluster. */
const startMs = 60_000
/** How long a stop may take before the process is killed. */
const stopMs = 10_000
/** Characters of the latest output, shown if the server does not start. */
const shownMax = 8_192

/** Returns this process's environment without the variables meant for the test process only. */
function inherited(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...environment } = process.env
  return environment
}

export class ServerProcess {
  readonly #child: ChildProcess
  #printed = ''
  #stopping: Promise<void> | undefined

  /**
   * @param command the file of the command `chatterie`
   * @param args its arguments
   * @param settings environment variables in addition to those of this process
   * @param isShown whether to forward its stderr, where the log goes, to ours
   */
  constructor(command: string, args: string[], settings: Record<string, string>, isShown: boolean) {
    this.#child = spawn(process.execPath, [command, ...args], {
      env: { ...inherited(), HOST: '127.0.0.1', ...settings },
      stdio: ['pipe', 'pipe', 'pipe'],
      // In a session of its own, so that Ctrl-C reaches only this process, which may still need the server.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed = (this.#printed + text).slice(-shownMax)
      if (isShown) process.stderr.write(text)
    })
  }

  /**
   * Waits until the server is ready.
   * @returns its credentials, from the line of JSON that it prints
   * @throws Error with its output if it exits or takes too long; the server is stopped then
   */
  async ready(): Promise<Access> {
    let timer: NodeJS.Timeout | undefined
    // Not Promise.withResolvers: an old Node lacks it, and the server's output says that the Node is too old.
    const line = new Promise<string>((resolve, reject) => {
      const fail = (why: string, cause?: unknown) =>
        reject(
          new Error(`Chatterie did not start: ${why}${this.#printed && `\n${this.#printed}`}`, { cause }),
        )
      timer = setTimeout(() => fail(`it is not ready after ${startMs / 1_000} s`), startMs)
      this.#child.once('error', (error) => fail(error.message, error))
      this.#child.once('close', (code, signal) =>
        fail(signal ? `it died of ${signal}` : `it ended with ${code}`),
      )
      if (this.#child.stdout) createInterface(this.#child.stdout).once('line', resolve)
    })
    try {
      return JSON.parse(await line)
    } catch (error) {
      await this.stop()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Lets this process exit without stopping the server, which then stops by itself. */
  unref(): void {
    this.#child.unref()
    for (const stream of this.#child.stdio) (stream as Socket | null)?.unref()
  }

  /** Stops the server. Resolves when its process and its home folder are gone. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.ref()
    this.#child.kill('SIGTERM')
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), stopMs)
    await ended
    clearTimeout(impatience)
  }
}
