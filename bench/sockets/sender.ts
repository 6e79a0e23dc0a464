// Sends one message after another and times each, in its own thread: other work of a benchmark at the same time, such
// as opening thousands of sockets, would be measured as latency of the server.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Line } from '../support/load.ts'
import { sendRequest } from '../support/requests.ts'

/** The pause between sends. */
const pauseMs = 20

/** The channel, and the sender. */
export interface Sending {
  port: number
  token: string
  channelId: number
  username: string
}

/** Sends until `done` resolves. @returns how long each send took, in ms */
export async function sendTimes(sending: Sending, done: Promise<unknown>): Promise<number[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: sending })
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error))
  await Promise.race([done, failed])
  worker.postMessage('end')
  const [times] = await Promise.race([once(worker, 'message'), failed])
  return times as number[]
}

if (!isMainThread) {
  let isDone = false
  parentPort?.once('message', () => {
    isDone = true
  })
  const { port, token, channelId, username } = workerData as Sending
  const line = await Line.open(port)
  const times: number[] = []
  while (!isDone) {
    const begin = performance.now()
    await line.send(sendRequest(token, channelId, times.length, username))
    times.push(performance.now() - begin)
    await sleep(pauseMs)
  }
  line.end()
  parentPort?.postMessage(times)
}
