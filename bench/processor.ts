// What processes take of the processor. Of time that passes a shared machine makes anything; this it hardly changes.
// Reads /proc: on systems other than Linux all of it is nothing.
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Milliseconds that a process, all of its threads and its children have run. From `schedstat`, which is exact: the times of
 * `stat` and `ps` are what was found running at a tick of some ms, and for short bursts of work they were twice as much.
 */
export function processorMs(pid: number): number {
  return ofTree(pid, (each) => threadsOf(each).reduce((ms, thread) => ms + threadMs(each, thread), 0))
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

/** In ticks on both sides, for the machine has no better. */
function othersMs(): number {
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0] = numbers(
    read('/proc/stat').split('\n', 1)[0]?.replace('cpu', '') ?? '',
  )
  const own = ofTree(process.pid, (pid) => {
    const [userTicks = 0, systemTicks = 0] = statOf(pid).slice(11)
    return userTicks + systemTicks
  })
  return (user + nice + system + interrupts + soft - own) * tickMs
}

const tickMs = 10

/** The sum over a process and its children. */
function ofTree(root: number, measure: (pid: number) => number): number {
  const children = new Map<number, number[]>()
  for (const pid of numbers(entries('/proc').join(' '))) {
    const [, parent = 0] = statOf(pid)
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const sum = (pid: number): number =>
    (children.get(pid) ?? []).reduce((total, child) => total + sum(child), measure(pid))
  return sum(root)
}

/** What `/proc/<pid>/stat` says behind the name, which may hold anything; the state, a letter, is NaN. */
function statOf(pid: number): number[] {
  const stat = read(`/proc/${pid}/stat`)
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
}

function threadMs(pid: number, thread: string): number {
  return (numbers(read(`/proc/${pid}/task/${thread}/schedstat`))[0] ?? 0) / 1e6
}

function threadsOf(pid: number): string[] {
  return entries(`/proc/${pid}/task`)
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
