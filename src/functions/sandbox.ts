// Starts function processes: real Node with its permission model closed, and nothing of the server within reach.
import { type ChildProcess, execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { promisify } from 'node:util'
import { spawnSupervised } from './supervise.ts'

const run = promisify(execFile)

/** CPU time limit of a process, in seconds. */
export const cpuSecondsMax = 600

/**
 * Memory limit besides the heap (Linux), which the system enforces however fast a process allocates. Node itself
 * reserves 0.6 GB before it runs anything, of which it uses a tenth.
 */
const dataSlackMb = 1024

export interface Sandbox {
  mainFile: string
  /** Additional readable files, and folders that end with a slash; nothing is writable. */
  readable: string[]
  /** The working directory of the process. */
  folder: string
  /** Limit for JavaScript's heap. */
  heapMb: number
}

/**
 * Starts a process. Descriptor 3 is the channel; standard error has Node's own messages about its end.
 * @throws Error if the system has no more processes or descriptors
 */
export function startSandbox({ mainFile, readable, folder, heapMb }: Sandbox): ChildProcess {
  const flags = [
    '--permission',
    ...[mainFile, ...readable].map((path) => `--allow-fs-read=${path}`),
    // Allowed where the network needs permission too, because the egress guard decides what is refused.
    ...(process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []),
    // Databases would be files that need no permission.
    ...(process.allowedNodeEnvironmentFlags.has('--no-experimental-sqlite')
      ? ['--no-experimental-sqlite']
      : []),
    // Otherwise, a signal opens the inspector.
    '--disable-sigusr1',
    '--no-warnings',
    `--max-old-space-size=${heapMb}`,
  ]
  const child = spawnSupervised([process.execPath, ...flags, mainFile], {
    cwd: folder,
    // The customer's variables are set later, so that none affects Node or the system's loader.
    env: process.platform === 'win32' ? { SystemRoot: 'C:\\Windows' } : {},
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    limits: ['-c 0', '-f 0', `-t ${cpuSecondsMax}`, `-d ${(heapMb + dataSlackMb) * 1024}`],
  })
  // Pipes are missing if the system ran out of a resource.
  child.on('error', () => undefined)
  if (!child.pid || !child.stdio?.[3]) throw new Error('the system did not start a process')
  yieldToOthers(child.pid)
  return child
}

/** Gives the server precedence for the CPU, and makes functions the first to be killed when memory runs out. */
function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has already ended, or the system does not allow it.
  }
  if (process.platform === 'linux') writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => undefined)
}

/** Returns the resident memory of a process; undefined if the system cannot tell or the process has ended. */
export async function residentBytesOf(pid: number): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined
  if (process.platform !== 'linux') return residentBytesByPs(pid)
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? []
  return kilobytes ? Number(kilobytes) * 1024 : undefined
}

/** For systems without `/proc` [POSIX ps, whose unit of `rss` is a kilobyte everywhere]. */
export async function residentBytesByPs(pid: number): Promise<number | undefined> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '' }))
  const kilobytes = Number(stdout)
  return kilobytes > 0 ? kilobytes * 1024 : undefined
}
