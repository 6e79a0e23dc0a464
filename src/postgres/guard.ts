// A tiny process that survives us if we are killed, and then stops the Postgres that we started.
//
// It reads from a pipe that the system closes when we end, however that happens. It has its own session, so no signal
// to our process group or from our terminal reaches it. Until then it is a sleeping shell (1 MB); then it becomes
// orphan.ts.

import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { programFile } from '#place.ts'
import { type Cluster, cleanEnvironment } from '#postgres/cluster.ts'

const script = 'while read -r line; do pid=$line; done; exec "$@" "$pid"'
const orphan = fileURLToPath(programFile('orphan'))

type Watched = Pick<Cluster, 'folder' | 'log'> & {
  /** A folder to remove as well. */
  removed?: string | undefined
}

export class Guard {
  readonly #cluster: Watched
  #child: ChildProcess | undefined
  #pid = 0

  constructor(cluster: Watched) {
    this.#cluster = cluster
    this.#start()
  }

  /** Watches the server with this pid instead of the previous one; starts another guard if this one is gone. */
  watch(pid: number): void {
    const isGone = !this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null
    if (isGone) this.#start()
    else if (pid === this.#pid) return
    this.#pid = pid
    this.#child?.stdin?.write(`${pid}\n`)
  }

  /** Ends the guard; call this when there is no server left to watch. */
  end(): void {
    this.#child?.kill('SIGKILL')
  }

  #start(): void {
    const { folder, log, removed = '' } = this.#cluster
    const child = spawn(
      '/bin/sh',
      ['-c', script, 'chatterie-guard', process.execPath, orphan, folder, `${process.pid}`, removed],
      { cwd: '/', env: cleanEnvironment, detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
    )
    child.on('error', (err) => log.warn({ err }, 'Postgres will not be stopped if this process is killed'))
    child.stdin?.on('error', () => {}) // the guard was killed: `watch` starts another
    child.unref()
    ;(child.stdin as Socket | null)?.unref()
    this.#child = child
  }
}
