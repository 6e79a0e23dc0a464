// The process of a server that was started here: what it prints, and its end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Access } from './world.ts'

/** How long a start may take; the first ever makes a database cluster. */
const startMs = 60_000
/** How long a stop may take before it is a kill. */
const stopMs = 10_000
/** Characters of what it printed last, to be shown where it does not start. */
const shownMax = 8_192

/** Without what is meant for the tests' own process alone. */
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
   * @param args of it
   * @param settings environment variables, beside those of this process
   * @param isShown whether its stderr, where the log goes, is also ours
   */
  constructor(command: string, args: string[], settings: Record<string, string>, isShown: boolean) {
    this.#child = spawn(process.execPath, [command, ...args], {
      env: { ...inherited(), HOST: '127.0.0.1', ...settings },
      stdio: ['pipe', 'pipe', 'pipe'],
      // In a session of its own: Ctrl-C is for us, who may still ask something of it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed = (this.#printed + text).slice(-shownMax)
      if (isShown) process.stderr.write(text)
    })
  }

  /**
   * Waits until it is ready.
   * @returns the line of JSON that it prints then
   * @throws Error with what it printed, where it ends before or takes too long; it is stopped then
   */
  async ready(): Promise<Access> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const fail = (why: string, cause?: unknown) =>
      reject(new Error(`Chatterie did not start: ${why}${this.#printed && `\n${this.#printed}`}`, { cause }))
    const timer = setTimeout(() => fail(`it is not ready after ${startMs / 1_000} s`), startMs)
    this.#child.once('error', (error) => fail(error.message, error))
    this.#child.once('close', (code, signal) =>
      fail(signal ? `it died of ${signal}` : `it ended with ${code}`),
    )
    if (this.#child.stdout) createInterface(this.#child.stdout).once('line', resolve)
    try {
      return JSON.parse(await promise)
    } catch (error) {
      await this.stop()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** A process that forgets to stop it can end all the same; the server ends then by itself. */
  unref(): void {
    this.#child.unref()
    for (const stream of this.#child.stdio) (stream as Socket | null)?.unref()
  }

  /** Resolves when it and its home are gone; once, however often it is called. */
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
