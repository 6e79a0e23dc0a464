// Sends one message after the other and times each, in a thread of its own: what else a benchmark does at the same time,
// such as to open thousands of sockets, would be counted as the server's delay.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Line } from './load.ts'
import { sendRequest } from './requests.ts'

/** Between one send and the next. */
const pauseMs = 20

/** To which channel, by whom. */
export interface Sending {
  port: number
  token: string
  channelId: number
  username: string
}

/** @returns how long each send took until something else was done, in ms */
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
