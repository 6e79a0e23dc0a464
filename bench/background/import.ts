// An import of many messages, compared with a bare COPY of the same rows into the same table with its indexes; the
// memory of the server meanwhile, and the latency of users who send one message at a time.
import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  channelsMax,
  copyMessages,
  messageAt,
  populate,
  type World,
  withClient,
} from '../support/large-world.ts'
import { type Server, type Stage, stop } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'
import { importFile } from './importer.ts'
import { sendAlone, sendBeside } from './sent-beside.ts'

const aims = { ratio: 0.4, memoryMb: 200, p99: 1.5 }

export async function imports(stage: Stage, messages: number): Promise<string> {
  const file = join(stage.folder, 'import.json')
  const [bare, imported] = [await prepare(stage, 'bare'), await prepare(stage, 'imported')]
  await pipeline(Readable.from(itemsOf(imported.world, messages)), createWriteStream(file))
  const megabytes = (await stat(file)).size / 1e6

  const copied = await copyMessages(bare.url, bare.world, messages)
  await settle(bare)
  const { server, world } = imported
  const idle = await sendAlone(server, world.channels)
  const done = importFile(server, file, messages)
  const busy = await sendBeside(server, world.channels, () => done)
  const { ms, grownMb } = await done

  const rates = [messages / ms, messages / copied].map((perMs) => perMs * 1_000)
  const [importRate = 0, copyRate = 0] = rates
  const slower = busy.p99 / idle.p99
  return table(
    `Import of ${count(messages)} messages (${count(megabytes)} MB) into ${count(channelsMax)} channels`,
    ['', 'import', 'against', 'ratio', 'aim', 'reached'],
    [
      [
        'messages/s, bare COPY',
        count(importRate),
        count(copyRate),
        ratio(importRate / copyRate),
        `>= ${aims.ratio}`,
        verdict(importRate / copyRate >= aims.ratio),
      ],
      ['memory grows, MB', count(grownMb), '', '', `< ${aims.memoryMb}`, verdict(grownMb < aims.memoryMb)],
      [
        'p99 of a send meanwhile, idle, ms',
        busy.p99.toFixed(1),
        idle.p99.toFixed(1),
        ratio(slower),
        `<= ${aims.p99}`,
        verdict(slower <= aims.p99),
      ],
      ['median of a send meanwhile, idle, ms', busy.median.toFixed(1), idle.median.toFixed(1), '', '', ''],
    ],
  )
}

async function prepare(stage: Stage, name: string): Promise<{ url: string; server: Server; world: World }> {
  const url = await stage.createDatabase(`import_${name}`)
  const server = await stage.startServer(url)
  return { url, server, world: await populate(url) }
}

function* itemsOf({ channels }: World, messages: number): Generator<string> {
  yield '['
  for (let at = 0; at < messages; at++) {
    const { channel, user, body } = messageAt(at)
    const item = {
      type: 'TEXT',
      channel_id: channels[channel],
      user: `user-${user}`,
      body,
      properties: { nth: at },
    }
    yield (at === 0 ? '' : ',\n') + JSON.stringify(item)
  }
  yield ']'
}

/** Lets Postgres finish its work on the copied rows before other measurements. */
async function settle({ url, server }: { url: string; server: Server }): Promise<void> {
  await stop(server.child)
  await withClient(url, async (client) => {
    await client.query('truncate message cascade')
    await client.query('checkpoint')
  })
}
