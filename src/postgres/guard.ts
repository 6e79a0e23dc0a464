// What is left of us when we are killed: a tiny process that then ends the Postgres which we started.
//
// It waits at a pipe that the system closes when we end, however we end, in a session of its own, so that no signal to
// our process group or from our terminal is for it. Until then it is a shell that sleeps (1 MB); then it becomes
// orphan.ts.

import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { programFile } from '#place.ts'
import { type Cluster, cleanEnvironment } from '#postgres/cluster.ts'

const script = 'while read -r line; do pid=$line; done; exec "$@" "$pid"'
const orphan = fileURLToPath(programFile('orphan'))

type Watched = Pick<Cluster, 'folder' | 'log'> & {
  /** The folder that shall be gone then. */
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

  /** Watches over the server with this pid, in place of the one before; under another guard if this one is gone. */
  watch(pid: number): void {
    const isGone = !this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null
    if (isGone) this.#start()
    else if (pid === this.#pid) return
    this.#pid = pid
    this.#child?.stdin?.write(`${pid}\n`)
  }

  /** When there is nothing left to watch over. */
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
    child.on('error', (err) => log.warn({ err }, 'nothing will end Postgres if this process is killed'))
    child.stdin?.on('error', () => {}) // it was killed itself: there will be another
    child.unref()
    ;(child.stdin as Socket | null)?.unref()
    this.#child = child
  }
}
