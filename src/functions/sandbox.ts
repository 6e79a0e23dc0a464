// How a process of functions is started: real Node, with the permission model shut and nothing of the server's at hand.
import { type ChildProcess, execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { promisify } from 'node:util'
import { spawnSupervised } from './supervise.ts'

const run = promisify(execFile)

/** Seconds of processor time that the system gives a process. */
export const cpuSecondsMax = 600

/**
 * Of memory beside the heap that the system gives a process (Linux), however fast it asks. Node itself asks for 0.6 GB
 * before it runs anything, of which it uses a tenth.
 */
const dataSlackMb = 1024

interface Sandbox {
  mainFile: string
  /** Files, and folders that end with a slash, that may be read besides; nothing may be written. */
  readable: string[]
  /** The current folder of the process. */
  folder: string
  /** Of JavaScript's heap. */
  heapMb: number
}

/**
 * Descriptor 3 is the channel; standard error is what Node itself has to say at its end.
 * @throws an Error where the system has no more processes or descriptors to give
 */
export function startSandbox({ mainFile, readable, folder, heapMb }: Sandbox): ChildProcess {
  const flags = [
    '--permission',
    ...[mainFile, ...readable].map((path) => `--allow-fs-read=${path}`),
    // Where the network has a permission too; what is refused is up to the guard.
    ...(process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []),
    // Databases would be files that no permission is asked for.
    ...(process.allowedNodeEnvironmentFlags.has('--no-experimental-sqlite')
      ? ['--no-experimental-sqlite']
      : []),
    // Else a signal opens the inspector.
    '--disable-sigusr1',
    '--no-warnings',
    `--max-old-space-size=${heapMb}`,
  ]
  const child = spawnSupervised([process.execPath, ...flags, mainFile], {
    cwd: folder,
    // The customer's variables come later, so that none of them speaks to Node or to the loader of the system.
    env: process.platform === 'win32' ? { SystemRoot: 'C:\\Windows' } : {},
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    limits: ['-c 0', '-f 0', `-t ${cpuSecondsMax}`, `-d ${(heapMb + dataSlackMb) * 1024}`],
  })
  // It has no pipes where the system had no more of something.
  child.on('error', () => undefined)
  if (!child.pid || !child.stdio?.[3]) throw new Error('the system did not start a process')
  yieldToOthers(child.pid)
  return child
}

/** The server goes first for the processor, and functions go first when memory runs out. */
function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended already, or the system does not allow it.
  }
  if (process.platform === 'linux') writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => undefined)
}

/** What a process takes of the machine's memory; undefined where the system does not say, or it has ended. */
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
