// What processes take of the processor. Of time that passes a shared machine makes anything; this it hardly changes.
// Reads /proc: on systems other than Linux all of it is nothing.
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Milliseconds of processor that a process, its threads and its children have taken, those that have ended by now too.
 * Whoever starts a Postgres is its parent: of a server that brings its own, it is in the sum.
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

/** How many cores are busy with anything but this process and its children, between two calls. */
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

/** Resident MiB of a process. */
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

/** Of `/proc/<pid>/stat`, behind the name, which may hold anything. */
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
