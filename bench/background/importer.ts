// Uploads a file of messages and waits for the end of its job, watching the server's memory. Runs in its own thread: an
// upload of 250 MB, or a `ps`, in the thread that times sends would be measured as latency of the server.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Server } from '../support/stage.ts'

export interface Imported {
  /** From the acceptance of the file to the end of its job. */
  ms: number
  /** By how much the server's resident memory exceeded its initial value, at most. */
  grownMb: number
}

interface Task {
  port: number
  token: string
  pid: number | undefined
  file: string
  messages: number
}

/** Resolves when all messages of the file are stored. */
export async function importFile(
  { port, token, child }: Server,
  file: string,
  messages: number,
): Promise<Imported> {
  const workerData: Task = { port, token, pid: child.pid, file, messages }
  const [imported] = await once(new Worker(new URL(import.meta.url), { workerData }), 'message')
  return imported as Imported
}

if (!isMainThread) {
  const task = workerData as Task
  const memory = watchMemory(task.pid)
  const ms = await timeImport(task)
  parentPort?.postMessage({ ms, grownMb: memory() } satisfies Imported)
}

async function timeImport({ port, token, file, messages }: Task): Promise<number> {
  const body = new FormData()
  body.append('file', await openAsBlob(file, { type: 'application/json' }), 'import.json')
  const url = `http://127.0.0.1:${port}/v1`
  const headers = { authorization: `Bearer ${token}` }
  const accepted = await fetch(`${url}/imports/messages`, { method: 'POST', headers, body })
  const { id } = (await accepted.json()) as { id: number }
  const begin = performance.now()
  for (;;) {
    const job = (await (await fetch(`${url}/jobs/${id}`, { headers })).json()) as Record<string, unknown>
    if (job.state === 'FINISHED' && job.processed === messages && job.failed === 0)
      return performance.now() - begin
    if (job.state === 'FINISHED' || job.state === 'FAILED') throw new Error(JSON.stringify(job))
    await sleep(100)
  }
}

/** @returns a function that ends the watch and returns the maximum growth of the process, in MB */
function watchMemory(pid: number | undefined): () => number {
  const resident = () => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])) / 1024
  const before = resident()
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, resident())
  }, 500)
  return () => {
    clearInterval(watch)
    return most - before
  }
}
