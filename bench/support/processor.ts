// CPU time of processes, which barely changes on a shared machine, unlike elapsed time.
// Reads /proc; on systems other than Linux everything is 0.
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Returns the CPU time in milliseconds of a process, its threads and its children, including those that have ended.
 * An embedded Postgres is a child of the server that starts it, and is included in its sum.
 */
export function processorMs(root: number): number {
  const children = new Map<number, number[]>()
  for (const pid of numbers(entries('/proc').join(' '))) {
    const { parent } = statOf(pid)
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const sum = (pid: number): number =>
    (children.get(pid) ?? []).reduce((ms, child) => ms + sum(child), statOf(pid).ticks * tickMs)
  return sum(root)
}

/** Returns how many cores were busy with other processes, between two calls. */
export class Others {
  #at = performance.now()
  #ms = othersMs()

  since(): number {
    const [at, ms] = [performance.now(), othersMs()]
    const cores = Math.max(0, (ms - this.#ms) / (at - this.#at))
    this.#at = at
    this.#ms = ms
    return cores
  }
}

/** Returns the resident memory of a process in MiB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024
}

function othersMs(): number {
  const [machine = ''] = read('/proc/stat').split('\n', 1)
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0] = numbers(machine)
  return (user + nice + system + interrupts + soft) * tickMs - processorMs(process.pid)
}

/** The unit of /proc. */
const tickMs = 10

/** Parses `/proc/<pid>/stat` from behind the name, which may contain anything. */
function statOf(pid: number): { parent: number; ticks: number } {
  const stat = read(`/proc/${pid}/stat`)
  const [, parent = 0, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, userOfEnded = 0, systemOfEnded = 0] = rest.slice(9).map(Number)
  return { parent: Number(parent), ticks: user + system + userOfEnded + systemOfEnded }
}

function numbers(text: string): number[] {
  return text.split(/\s+/).filter(isNumber).map(Number)
}

const isNumber = (text: string) => /^\d+$/.test(text)

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // it has ended
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
