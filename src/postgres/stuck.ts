// Knows a server that will never accept connections again. Postgres 18, when its disk is full, was seen to lose its
// startup process in the middle of a recovery and to live on with its checkpointer, writer and io workers alone: it
// answers "not yet accepting connections" for as long as one waits, also when there is room again.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const lookMs = 2_500
/** Between the end of one and the start of the other it has neither for a moment. */
const looksMin = 3

/** Looks at one server again and again, as often as it is asked but not more often than is needed. */
export class StuckWatch {
  #lookedAt = Number.NEGATIVE_INFINITY
  #hopeless = 0

  /**
   * Whether it has been without hope for a while.
   * @param status what its pid file says; it says "ready" also while a server recovers from a crash
   */
  async isStuck({ pid, status }: { pid: number; status: string }): Promise<boolean> {
    if (performance.now() - this.#lookedAt < lookMs) return false
    this.#lookedAt = performance.now()
    this.#hopeless = status === 'stopping' || (await isAtWork(pid)) ? 0 : this.#hopeless + 1
    return this.#hopeless >= looksMin
  }
}

/** Whether it has the process that makes it ready, or one that it always has when it is. */
async function isAtWork(pid: number): Promise<boolean> {
  const titles = await (process.platform === 'linux' ? titlesByProc(pid) : titlesByPs(pid))
  return titles === null || titles.some((title) => /^postgres: .*(startup|walwriter)/.test(title))
}

/** What the processes of a server call themselves; null where that cannot be known. */
async function titlesByProc(pid: number): Promise<string[] | null> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => null)
  if (children === null) return null
  const pids = children.split(' ').filter((each) => each !== '')
  return Promise.all(pids.map((each) => readFile(`/proc/${each}/cmdline`, 'utf8').catch(() => '')))
}

async function titlesByPs(pid: number): Promise<string[] | null> {
  const ps = promisify(execFile)('ps', ['-A', '-o', 'ppid=,command='])
  const { stdout } = await ps.catch(() => ({ stdout: null }))
  if (stdout === null) return null
  const lines = stdout.split('\n').map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
  return lines.filter((line) => Number(line?.[1]) === pid).map((line) => line?.[2] ?? '')
}
