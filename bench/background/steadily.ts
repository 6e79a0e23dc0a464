// Messages sent at a fixed rate, as by real users, whether or not earlier ones have been answered.
import { setTimeout as sleep } from 'node:timers/promises'
import { Line } from '../support/load.ts'
import { sendRequest } from '../support/requests.ts'
import type { Members } from '../support/seed-members.ts'
import type { Server } from '../support/stage.ts'

export interface Side {
  server: Server
  members: Members
}

/** @returns how long each answer took, in ms */
export async function sendSteadily(
  { server, members }: Side,
  ms: number,
  perSecond: number,
): Promise<number[]> {
  const [channelId = 0] = members.channels
  const [account] = members.accounts
  const idle: Line[] = []
  const total = Math.round((ms / 1000) * perSecond)
  const begin = performance.now()
  const one = async (nth: number) => {
    await sleep(Math.max(0, begin + (nth * 1000) / perSecond - performance.now()))
    const line = idle.pop() ?? (await Line.open(server.port))
    const bytes = sendRequest(server.token, channelId, nth, account?.username ?? '')
    const from = performance.now()
    await line.send(bytes)
    const took = performance.now() - from
    idle.push(line)
    return took
  }
  const times = await Promise.all(Array.from({ length: total }, (_, nth) => one(nth)))
  for (const line of idle) line.end()
  return times
}
