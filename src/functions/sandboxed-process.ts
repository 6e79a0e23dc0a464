// A sandboxed process as the operating system knows it: its pipes, the limits that end it, and why it ended.
import type { ChildProcess } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import type { FailureReason } from './outcome.ts'
import type { Report } from './protocol.ts'
import { ReportReader } from './report-reader.ts'
import { residentBytesOf, type Sandbox, startSandbox } from './sandbox.ts'

/** The process may use this much memory besides the heap. */
export const memorySlackMb = 128
const stderrCharactersMax = 4_096
/** Limit for one run. What functions print is in their log; only code that avoids the console writes here. */
const stderrWrittenMax = 4 * 1024 * 1024

export interface End {
  reason: FailureReason
  message: string
}

interface Listeners {
  /** @returns whether the report is valid in the current state */
  report(report: Report): boolean
  end(end: End): void
}

export class SandboxedProcess {
  /** Resolves when the process has ended and its listener was called. */
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  readonly #channel: Duplex
  readonly #heapMb: number
  readonly #reader: ReportReader
  #end: End | undefined
  #stderr = ''
  #stderrWritten = 0

  /** @throws Error if the system has no more processes or descriptors */
  constructor(sandbox: Sandbox, on: Listeners) {
    this.#heapMb = sandbox.heapMb
    this.#reader = new ReportReader(on.report)
    this.#child = startSandbox(sandbox)
    // Descriptor 3 of the sandbox is a pipe that both sides read and write.
    this.#channel = this.#child.stdio[3] as Duplex
    this.#read()
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        on.end(this.#end ?? this.#diagnose(signal ?? `exit code ${code}`))
        resolve()
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Sends a line of JSON. */
  send(line: string): void {
    this.#channel.write(`${line}\n`)
  }

  /** Sends nothing more, so that the process ends once the code that is left behind has finished. */
  release(): void {
    this.#channel.end()
  }

  /** From now on, the limits for what it writes apply afresh. */
  resetOutput(): void {
    this.#reader.reset()
    this.#stderrWritten = 0
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Kills the process; of several reasons, the first is why it ended. */
  end(reason: FailureReason, message: string): void {
    this.#end ??= { reason, message }
    this.kill()
  }

  /** Ends the process once it takes too much memory. The caller clears the timer. */
  watchMemory(everyMs: number): NodeJS.Timeout {
    const bytesMax = (this.#heapMb + memorySlackMb) * 1024 * 1024
    let isLooking = false
    const check = async () => {
      if (isLooking || !this.pid) return
      isLooking = true
      const bytes = await residentBytesOf(this.pid)
      if (bytes && bytes > bytesMax) this.end('memory', this.tooMuchMemory)
      isLooking = false
    }
    return setInterval(check, everyMs).unref()
  }

  get tooMuchMemory(): string {
    return `it took more than ${this.#heapMb} MB of memory`
  }

  #read(): void {
    this.#channel.on('data', (chunk: Buffer) => {
      const problem = this.#reader.read(chunk)
      if (problem) this.end('output', problem)
    })
    // A channel error shows in how the process ends.
    this.#channel.on('error', () => this.kill())
    const stderr = this.#child.stderr as Readable
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrCharactersMax)
      this.#stderrWritten += text.length
      if (this.#stderrWritten > stderrWrittenMax) this.end('output', 'it wrote too much to standard error')
    })
  }

  #diagnose(how: string): End {
    if (/heap out of memory|heap limit|allocation failed/i.test(this.#stderr)) {
      return { reason: 'memory', message: this.tooMuchMemory }
    }
    return { reason: 'crashed', message: `its process ended with ${how}` }
  }
}
