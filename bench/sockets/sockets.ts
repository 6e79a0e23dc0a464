// The memory of an idle connection: thousands that have done everything that official clients do when they start.
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { seedMembers } from '../support/seed-members.ts'
import type { Running, Stage } from '../support/stage.ts'
import { count, table, verdict } from '../support/table.ts'
import { type Counting, Crowd } from './crowd.ts'
import { type Account, countFrames, StompClient } from './stomp.ts'
import { WebSocketClient } from './websocket.ts'

const aimKb = 14
/** Connections opened before the measurement, so that code is loaded and the young generation of the heap has grown. */
const first = 500

const settleMs = { step: 500, calm: 15_000, max: 90_000 }

export async function sockets(stage: Stage, size: number): Promise<string> {
  const databaseUrl = await stage.createDatabase('sockets')
  const server = await stage.startServer(databaseUrl)
  const users = first + size
  const world = await seedMembers(databaseUrl, { users, channels: [{ from: 0, members: users }] })
  const ours = await grow(server, size, async (nth) =>
    StompClient.start(server.port, world.apiKey, world.accounts[nth] as Account),
  )
  const bareServer = await stage.startBareSockets()
  const bare = await grow(bareServer, size, async () => {
    const socket = await WebSocketClient.open(bareServer.port, '/')
    return {
      count: (counted: () => void, lost: (error: Error) => void) => countFrames(socket, counted, lost),
    }
  })
  return table(
    `${count(size)} idle connections after the whole start of a client, beside bare ws after the handshake`,
    ['', 'Chatterie', 'bare', 'aim', 'reached'],
    [
      ['KB a connection', ours.kb.toFixed(1), bare.kb.toFixed(1), `< ${aimKb}`, verdict(ours.kb < aimKb)],
      ['connections/s', count(ours.rate), count(bare.rate), '', ''],
    ],
  )
}

/** Returns how much memory each of so many connections adds, and how many connected per second. */
async function grow(
  { child }: Running,
  size: number,
  open: (nth: number) => Promise<Counting>,
): Promise<{ kb: number; rate: number }> {
  await Crowd.open(first, open)
  const before = await settled(child.pid)
  const { rate } = await Crowd.open(size, (nth) => open(first + nth))
  const after = await settled(child.pid)
  return { kb: (after - before) / size, rate }
}

/** Returns resident KB once it has not decreased for longer than V8 waits before it compacts an idle heap. */
async function settled(pid: number | undefined): Promise<number> {
  let least = resident(pid)
  let calmMs = 0
  for (let ms = 0; ms < settleMs.max && calmMs < settleMs.calm; ms += settleMs.step) {
    await sleep(settleMs.step)
    const now = resident(pid)
    calmMs = now < least * 0.995 ? 0 : calmMs + settleMs.step
    least = Math.min(least, now)
  }
  return least
}

function resident(pid: number | undefined): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)]))
}
