// Programs that end with the server, however it ends: also by SIGKILL, and also where their own thread is busy.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

export interface Supervised extends Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'> {
  env: Record<string, string>
  stdio: ('ignore' | 'pipe')[]
  /** Arguments of the shell's `ulimit`, such as `-c 0`; what a system does not know is passed over. */
  limits: string[]
}

/** What ends a program with the server: the kernel (Linux), a shell that waits for the server's end, or Windows. */
type Way = 'kernel' | 'shell' | 'job' | 'none'

const shell = '/bin/sh'
/** Of util-linux; the one of busybox lacks what we need. */
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv', '/run/current-system/sw/bin/setpriv'].find((each) =>
  existsSync(each),
)
let known: Way | undefined

function knownWay(): Way {
  known ??= findWay()
  return known
}

/** @throws an Error where the system has no more processes or descriptors to give */
export function spawnSupervised(program: string[], { limits, stdio, ...options }: Supervised): ChildProcess {
  const way = knownWay()
  const lifeline = stdio.length
  const [command = '', ...args] = commandOf(program, way, limits, lifeline)
  const child = spawn(command, args, {
    ...options,
    stdio: way === 'shell' ? [...stdio, 'pipe'] : stdio,
    // Not in our group, or Ctrl-C would end what we mean to let finish. Of Windows' jobs only what is not detached ends.
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  if (way === 'shell') releaseAtEnd(child, lifeline)
  return child
}

function findWay(): Way {
  if (process.platform === 'win32') return 'job'
  // The first process of a container takes everything with it, and would not clear away shells that are left to it.
  if (!existsSync(shell) || process.pid === 1) return 'none'
  const probe = ['--pdeathsig', 'KILL', '/bin/sh', '-c', ':']
  return setpriv && spawnSync(setpriv, probe, { stdio: 'ignore' }).status === 0 ? 'kernel' : 'shell'
}

/** The program takes the place of those that prepare it, so that its id is the one we know. */
function commandOf(program: string[], way: Way, limits: string[], lifeline: number): string[] {
  // Where the server ended before the kernel knew what to do, the program has another parent, and does not begin.
  const unlessAlone = [shell, '-c', `[ "$PPID" = ${process.pid} ] && exec "$0" "$@"`]
  const bound =
    way === 'kernel' && setpriv ? [setpriv, '--pdeathsig', 'KILL', '--', ...unlessAlone, ...program] : program
  if (!existsSync(shell) || (way !== 'shell' && limits.length === 0)) return bound
  const limit = limits.map((each) => `ulimit ${each} 2>/dev/null;`).join(' ')
  if (way !== 'shell') return [shell, '-c', `${limit} exec "$0" "$@"`, ...bound]
  const others = Array.from({ length: lifeline }, (_, fd) => (fd > 2 ? `${fd}>&-` : '')).join(' ')
  // A line is a release; the end of the pipe is that of the server.
  const watch = `( read -r line || kill -9 $$ ) <&${lifeline} >/dev/null 2>&1 ${others} ${lifeline}<&- &`
  return [shell, '-c', `${limit} ${watch} exec "$0" "$@" ${lifeline}<&-`, ...bound]
}

function releaseAtEnd(child: ChildProcess, lifeline: number): void {
  const pipe = child.stdio[lifeline] as import('node:net').Socket | undefined
  pipe?.on('error', () => undefined)
  pipe?.unref()
  child.once('exit', () => pipe?.end('\n'))
}
