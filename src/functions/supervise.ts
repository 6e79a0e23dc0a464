// Starts programs that end with the server however it ends, even by SIGKILL or while their own thread is busy.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

export interface Supervised extends Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'> {
  env: Record<string, string>
  stdio: ('ignore' | 'pipe')[]
  /** Arguments of the shell's `ulimit`, such as `-c 0`; unsupported ones are ignored. */
  limits: string[]
}

/** What ends a program with the server: the kernel (Linux), a shell that watches the server, or Windows. */
type Way = 'kernel' | 'shell' | 'job' | 'none'

const shell = '/bin/sh'
/** From util-linux; the one of busybox lacks the required option. */
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv', '/run/current-system/sw/bin/setpriv'].find((each) =>
  existsSync(each),
)
let known: Way | undefined

function knownWay(): Way {
  known ??= findWay()
  return known
}

/** @throws Error if the system has no more processes or descriptors */
export function spawnSupervised(program: string[], { limits, stdio, ...options }: Supervised): ChildProcess {
  const way = knownWay()
  const lifeline = stdio.length
  const [command = '', ...args] = commandOf(program, way, limits, lifeline)
  const child = spawn(command, args, {
    ...options,
    stdio: way === 'shell' ? [...stdio, 'pipe'] : stdio,
    // A group of its own, so that Ctrl-C lets it finish. A Windows job only ends processes that are not detached.
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  if (way === 'shell') releaseAtEnd(child, lifeline)
  return child
}

function findWay(): Way {
  if (process.platform === 'win32') return 'job'
  // The first process of a container takes all others with it, and would not reap orphaned shells.
  if (!existsSync(shell) || process.pid === 1) return 'none'
  const probe = ['--pdeathsig', 'KILL', '/bin/sh', '-c', ':']
  return setpriv && spawnSync(setpriv, probe, { stdio: 'ignore' }).status === 0 ? 'kernel' : 'shell'
}

/** The program replaces the shells that prepare it, so that it has the known process id. */
function commandOf(program: string[], way: Way, limits: string[], lifeline: number): string[] {
  // If the server ended before the kernel was set up, the program has another parent and does not start.
  const unlessAlone = [shell, '-c', `[ "$PPID" = ${process.pid} ] && exec "$0" "$@"`]
  const bound =
    way === 'kernel' && setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', ...unlessAlone, ...program] : program
  if (!existsSync(shell) || (way !== 'shell' && limits.length === 0)) return bound
  const limit = limits.map((each) => `ulimit ${each} 2>/dev/null;`).join(' ')
  if (way !== 'shell') return [shell, '-c', `${limit} exec "$0" "$@"`, ...bound]
  const others = Array.from({ length: lifeline }, (_, fd) => (fd > 2 ? `${fd}>&-` : '')).join(' ')
  // A line releases the program; the end of the pipe means that the server has ended.
  const watch = `( read -r line || kill -9 $$ ) <&${lifeline} >/dev/null 2>&1 ${others} ${lifeline}<&- &`
  return [shell, '-c', `${limit} ${watch} exec "$0" "$@" ${lifeline}<&-`, ...bound]
}

function releaseAtEnd(child: ChildProcess, lifeline: number): void {
  const pipe = child.stdio[lifeline] as import('node:net').Socket | undefined
  pipe?.on('error', () => undefined)
  pipe?.unref()
  child.once('exit', () => pipe?.end('\n'))
}
