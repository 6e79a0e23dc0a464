// Detects a server that will never accept connections again. Postgres 18 with a full disk was seen to lose its startup
// process during a recovery and to live on with only its checkpointer, writer and io workers: it answers "not yet
// accepting connections" forever, even when there is space again.

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const lookMs = 2_500
/** Between the end of the one process and the start of the other, a healthy server briefly has neither. */
const looksMin = 3

/** Checks one server repeatedly: as often as it is called, but no more often than necessary. */
export class StuckWatch {
  #lookedAt = Number.NEGATIVE_INFINITY
  #hopeless = 0

  /**
   * Returns whether the server has been stuck in several consecutive checks.
   * @param status from its pid file, which says "ready" even while a server recovers from a crash
   */
  async isStuck({ pid, status }: { pid: number; status: string }): Promise<boolean> {
    if (performance.now() - this.#lookedAt < lookMs) return false
    this.#lookedAt = performance.now()
    this.#hopeless = status === 'stopping' || (await isAtWork(pid)) ? 0 : this.#hopeless + 1
    return this.#hopeless >= looksMin
  }
}

/** Returns whether the server has its startup process, or the walwriter that every ready server has. */
async function isAtWork(pid: number): Promise<boolean> {
  const titles = await (process.platform === 'linux' ? titlesByProc(pid) : titlesByPs(pid))
  return titles === null || titles.some((title) => /^postgres: .*(startup|walwriter)/.test(title))
}

/** Returns the titles of a server's processes; null if they cannot be read. */
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
