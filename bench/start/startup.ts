// The time from `npm start` to the first answered request.

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../support/rounds.ts'
import { type Stage, stop } from '../support/stage.ts'
import { seconds, table, verdict } from '../support/table.ts'

const aimsMs = { cold: 3_000, warm: 1_500 }
const npmStart = ['npm', '--loglevel=error', 'start']
const giveUpMs = 60_000

export async function startup(stage: Stage, runs: number): Promise<string> {
  const cold: number[] = []
  const warm: number[] = []
  for (let run = 0; run < runs; run++) {
    const home = join(stage.folder, `startup-${run}`)
    cold.push(await timeStart(stage, npmStart, { CHATTERIE_HOME: home }))
    warm.push(await timeStart(stage, npmStart, { CHATTERIE_HOME: home }))
  }
  const row = (name: string, times: number[], aimMs: number) => [
    name,
    seconds(median(times)),
    `${seconds(Math.min(...times))} to ${seconds(Math.max(...times))}`,
    `<= ${seconds(aimMs)}`,
    verdict(median(times) <= aimMs),
  ]
  return table(
    'npm start to the first 200 of GET /health, embedded Postgres included',
    ['start', 'median', `of ${runs} runs`, 'aim', 'reached'],
    [row('cold, with an empty home', cold, aimsMs.cold), row('warm', warm, aimsMs.warm)],
  )
}

/**
 * Starts a server and stops it.
 * @returns milliseconds from its command to the first 200 of GET /health
 */
export async function timeStart(
  stage: Stage,
  [command = '', ...args]: string[],
  settings: Record<string, string>,
): Promise<number> {
  const port = await freePort()
  const begin = performance.now()
  const child = stage.spawn(command, args, { PORT: String(port), LOG_LEVEL: 'warn', ...settings })
  child.stdout?.resume()
  try {
    while (!(await isUp(port))) {
      if (performance.now() - begin > giveUpMs) throw new Error('The server does not come up')
      await sleep(5)
    }
    return performance.now() - begin
  } finally {
    await stop(child)
  }
}

async function isUp(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
