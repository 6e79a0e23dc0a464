// A restart: thousands of clients reconnect and resume at once. How long until all are back, and how long sends take
// meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import { Outbox } from '../support/outbox.ts'
import { Others, processorMs } from '../support/processor.ts'
import { percentile } from '../support/rounds.ts'
import { seedMembers } from '../support/seed-members.ts'
import { type Stage, stop } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'
import { Crowd } from './crowd.ts'
import { sendTimes } from './sender.ts'
import { type Account, StompClient } from './stomp.ts'

const aim = { backMs: 10_000, times: 5 }
const idleMs = 5_000

export async function storm(stage: Stage, size: number): Promise<string> {
  const databaseUrl = await stage.createDatabase('storm')
  const first = await stage.startServer(databaseUrl)
  const users = size + 1
  const world = await seedMembers(databaseUrl, { users, channels: [{ from: size, members: 1 }] })
  const [channelId = 0] = world.channels
  const crowd = await Crowd.open(size, (nth) =>
    StompClient.start(first.port, world.apiKey, world.accounts[nth] as Account),
  )
  crowd.expectEnd()
  await stop(first.child)
  const server = await stage.startServer(databaseUrl)
  const outbox = await Outbox.open(databaseUrl)
  const postgres = await stage.postgresPid()
  const taken = () => [processorMs(server.child.pid ?? 0), processorMs(postgres)] as const
  try {
    const { port, token } = server
    const { username } = world.accounts[size] as Account
    const send = (done: Promise<unknown>) => sendTimes({ port, token, channelId, username }, done)
    const idle = await send(sleep(idleMs))
    await outbox.drained()
    const [others, before, begin] = [new Others(), taken(), performance.now()]
    const coming = Crowd.open(
      size,
      (nth) => StompClient.comeBack(server.port, world.apiKey, crowd.members[nth] as StompClient),
      size,
    )
    const busy = await send(coming)
    const backMs = performance.now() - begin
    await outbox.drained()
    const after = taken()
    const micros = (at: 0 | 1) => count(((after[at] - before[at]) / size) * 1000)
    const [quiet, loud] = [idle, busy].map((times) => percentile(times, 0.99)) as [number, number]
    return table(
      `${count(size)} clients come back at once after a restart, and resume; others had ${ratio(others.since())} cores`,
      ['', '', 'aim', 'reached'],
      [
        [
          'all are back, s',
          (backMs / 1000).toFixed(1),
          `<= ${aim.backMs / 1000}`,
          verdict(backMs <= aim.backMs),
        ],
        ['µs of processor a client, in Node', micros(0), '', ''],
        ['and in Postgres', micros(1), '', ''],
        ['p99 of a send before, ms', quiet.toFixed(1), '', ''],
        ['and meanwhile', loud.toFixed(1), `<= ${aim.times} times`, verdict(loud <= aim.times * quiet)],
      ],
    )
  } finally {
    await outbox.close()
  }
}
