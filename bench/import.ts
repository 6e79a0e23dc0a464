// An import of many messages, compared with a bare COPY of the same rows into the same table with its indexes; the
// memory of the server meanwhile, and the latency of users who send one message at a time.
import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { copyMessagesStatement, toCopyRow } from '#data/sql/copy-messages.ts'
import { importFile } from './importer.ts'
import { ask, request } from './load.ts'
import { type Server, type Stage, stop } from './stage.ts'
import { count, ratio, table, verdict } from './table.ts'

const aims = { ratio: 0.4, memoryMb: 200, p99: 3 }
const channelsMax = 1_000
const usersMax = 1_000
const idleMs = 10_000
/** The pause between messages of a user who writes. */
const pauseMs = 10

export async function imports(stage: Stage, messages: number): Promise<string> {
  const file = join(stage.folder, 'import.json')
  const [bare, imported] = [await prepare(stage, 'bare'), await prepare(stage, 'imported')]
  await pipeline(Readable.from(itemsOf(imported.world, messages)), createWriteStream(file))
  const megabytes = (await stat(file)).size / 1e6

  const copied = await timeCopy(bare, messages)
  await settle(bare)
  const { server } = imported
  const idle = await sendFor(server, imported.world, () => sleep(idleMs))
  const done = importFile(server, file, messages)
  const busy = await sendFor(server, imported.world, () => done)
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
        `< ${aims.p99}`,
        verdict(slower < aims.p99),
      ],
      ['median of a send meanwhile, idle, ms', busy.median.toFixed(1), idle.median.toFixed(1), '', '', ''],
    ],
  )
}

// ---------------------------------------------------------------------------------------------- world

interface World {
  applicationId: number
  channels: number[]
  users: number[]
}

async function prepare(stage: Stage, name: string): Promise<{ url: string; server: Server; world: World }> {
  const url = await stage.createDatabase(`import_${name}`)
  const server = await stage.startServer(url)
  return { url, server, world: await populate(url) }
}

async function populate(url: string): Promise<World> {
  return withClient(url, async (client) => {
    const ids = async (statement: string, values: unknown[]) =>
      (await client.query(statement, values)).rows.map(({ id }) => Number(id))
    const [applicationId = 0] = await ids('select min(id) as id from application', [])
    const users = await ids(
      `insert into "user" (application_id, name, display_name)
       select $1, 'user-' || i, 'User ' || i from generate_series(0, $2::int - 1) i returning id`,
      [applicationId, usersMax],
    )
    const channels = await ids(
      `insert into channel (application_id, type, name, display_name)
       select $1, 'PUBLIC', 'channel-' || i, 'Channel ' || i from generate_series(0, $2::int - 1) i returning id`,
      [applicationId, channelsMax],
    )
    await client.query('vacuum (analyze)')
    return { applicationId, channels, users }
  })
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return work(client).finally(() => client.end())
}

const vocabulary =
  'hey did you see the train at seven I will bring coffee and bread for us all tomorrow if rain stops before noon'.split(
    ' ',
  )

/** Returns a message of about 150 characters, with channels and authors in no particular order. */
function messageAt(at: number): { channel: number; user: number; body: string } {
  const words = Array.from(
    { length: 32 },
    (_, nth) => vocabulary[(at * 7 + nth * 11 + at * nth) % vocabulary.length],
  )
  return { channel: (at * 379) % channelsMax, user: (at * 613) % usersMax, body: `${words.join(' ')} ${at}` }
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

function* rowsOf({ applicationId, channels, users }: World, messages: number): Generator<string> {
  for (let at = 0; at < messages; at++) {
    const { channel, user, body } = messageAt(at)
    const properties = JSON.stringify({ nth: at })
    const [channelId, userId] = [channels[channel], users[user]]
    yield toCopyRow([
      applicationId,
      channelId,
      'TEXT',
      userId,
      body,
      undefined,
      undefined,
      undefined,
      properties,
    ])
  }
}

// ------------------------------------------------------------------------------------------- measuring

async function timeCopy({ url, world }: { url: string; world: World }, messages: number): Promise<number> {
  return withClient(url, async (client) => {
    const begin = performance.now()
    await pipeline(Readable.from(rowsOf(world, messages)), client.query(copyFrom(copyMessagesStatement)))
    return performance.now() - begin
  })
}

/** Lets Postgres finish its work on the copied rows before other measurements. */
async function settle({ url, server }: { url: string; server: Server }): Promise<void> {
  await stop(server.child)
  await withClient(url, async (client) => {
    await client.query('truncate message cascade')
    await client.query('checkpoint')
  })
}

/** Sends messages one after another while something else happens. */
async function sendFor(
  { port, token }: Server,
  { channels }: World,
  happening: () => Promise<unknown>,
): Promise<{ median: number; p99: number }> {
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
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN
  return { median: at(0.5), p99: at(0.99) }
}
