// The latency of a user who sends one message at a time while the server also does something large.
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, request } from '../support/load.ts'
import { percentile } from '../support/rounds.ts'
import type { Server } from '../support/stage.ts'

/** The pause between messages. */
const pauseMs = 10
const idleMs = 10_000

/** Latencies in milliseconds. */
export interface Latency {
  median: number
  p99: number
}

/** Measures sends into these channels, in turns, while the server has nothing else to do. */
export function sendAlone(server: Server, channels: number[]): Promise<Latency> {
  return sendBeside(server, channels, () => sleep(idleMs))
}

/** Measures sends into these channels, in turns, from the start to the end of what happens meanwhile. */
export async function sendBeside(
  { port, token }: Server,
  channels: number[],
  happening: () => Promise<unknown>,
): Promise<Latency> {
  const times: number[] = []
  let isOver = false
  const happened = happening().finally(() => {
    isOver = true
  })
  while (!isOver) {
    const path = `/v1/channels/${channels[times.length % channels.length]}/messages`
    const bytes = request('POST', path, token, {
      type: 'TEXT',
      body: 'Is anybody there?',
      user: { username: 'user-1' },
    })
    const begin = performance.now()
    await ask(port, bytes)
    times.push(performance.now() - begin)
    await sleep(pauseMs)
  }
  await happened
  return { median: percentile(times, 0.5), p99: percentile(times, 0.99) }
}
