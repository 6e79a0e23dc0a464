// The deletion of a channel with many messages: how soon it is answered and done, and the latency of users who meanwhile
// send one message at a time into other channels.
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { copyMessages, populate, withClient } from '../support/large-world.ts'
import type { Server, Stage } from '../support/stage.ts'
import { count, ratio, seconds, table, verdict } from '../support/table.ts'
import { sendAlone, sendBeside } from './sent-beside.ts'

const p99Aim = 1.5

export async function deletion(stage: Stage, messages: number): Promise<string> {
  const url = await stage.createDatabase('deletion')
  const server = await stage.startServer(url)
  const world = await populate(url)
  const [large = 0, ...others] = world.channels
  await copyMessages(url, world, messages, 0)
  return withClient(url, async (client) => {
    await client.query('vacuum (analyze)')
    await client.query('checkpoint')
    const idle = await sendAlone(server, others)
    let answeredMs = 0
    const begin = performance.now()
    const busy = await sendBeside(server, others, async () => {
      answeredMs = await deleteChannel(server, large)
      await untilRemoved(client, large)
    })
    const ms = performance.now() - begin
    const slower = busy.p99 / idle.p99
    return table(
      `Deletion of a channel of ${count(messages)} messages`,
      ['', 'meanwhile', 'idle', 'ratio', 'aim', 'reached'],
      [
        ['answered after, ms', answeredMs.toFixed(1), '', '', '', ''],
        ['everything is removed after', seconds(ms), '', '', '', ''],
        ['median of a send, ms', busy.median.toFixed(1), idle.median.toFixed(1), '', '', ''],
        [
          'p99 of a send, ms',
          busy.p99.toFixed(1),
          idle.p99.toFixed(1),
          ratio(slower),
          `<= ${p99Aim}`,
          verdict(slower <= p99Aim),
        ],
      ],
    )
  })
}

/** @returns how long the answer took, in milliseconds, after which the channel is not found */
async function deleteChannel({ port, token }: Server, id: number): Promise<number> {
  const url = `http://127.0.0.1:${port}/v1/channels/${id}`
  const headers = { authorization: `Bearer ${token}` }
  const begin = performance.now()
  const answer = await fetch(url, { method: 'DELETE', headers })
  const ms = performance.now() - begin
  if (!answer.ok) throw new Error(await answer.text())
  const { status } = await fetch(url, { headers })
  if (status !== 404) throw new Error(`The deleted channel is still answered with ${status}`)
  return ms
}

async function untilRemoved(client: pg.Client, id: number): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query('select from channel where id = $1', [id])
    if (rowCount === 0) return
    await sleep(100)
  }
}
