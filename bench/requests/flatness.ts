// The cost of a hundred times as many messages, and of ten times as many again: the same requests to two servers whose
// databases differ only in size.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

import { load } from '../support/load.ts'
import { Outbox } from '../support/outbox.ts'
import { processorMs } from '../support/processor.ts'
import { anyOf, type Scenario, scenarios } from '../support/requests.ts'
import { compare, median, type Pace, type Side } from '../support/rounds.ts'
import { type Contents, seed } from '../support/seed.ts'
import type { Server, Stage } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'

const connections = 32
const aim = 1.3

const measured: (keyof typeof scenarios)[] = ['messages', 'newest', 'deep', 'channels', 'send', 'hot']

export async function flatness(stage: Stage, pace: Pace, largeMessages: number): Promise<string> {
  const smallMessages = 10_000
  const small = await openSize(stage, 'small', { messages: smallMessages, spread: 100 })
  const large = await openSize(stage, 'large', { messages: largeMessages, spread: 1_000 })
  try {
    const rows: string[][] = []
    for (const key of measured) {
      const scenario: Scenario = scenarios[key]
      const found = await compare(small.side(scenario), large.side(scenario), pace)
      rows.push([
        scenario.name,
        count(found.first),
        count(found.second),
        ratio(found.ratio),
        `<= ${ratio(aim)}`,
        verdict(found.ratio <= aim),
      ])
    }
    const head = ['requests/s', count(smallMessages), count(largeMessages), 'cost', 'aim', 'reached']
    return table(
      `Cost on ${count(largeMessages)} messages beside ${count(smallMessages)}, ${connections} connections`,
      head,
      rows,
    )
  } finally {
    await Promise.all([small.close(), large.close()])
  }
}

/** Reads that must cost the same however large a channel is. */
const reads: (keyof typeof scenarios)[] = [
  'messages',
  'newest',
  'deep',
  'rare',
  'frequent',
  'unreadOfFew',
  'unreadOfAll',
  'members',
  'channels',
]
const readsAim = 1.15
const blocksMs = 600_000

/**
 * Compares CPU time, which barely changes on a busy machine. Takes about 10 GB of disk for ten million messages, and
 * minutes to fill. @param messages of the larger database; the other has a tenth
 */
export async function largeness(stage: Stage, { rounds, roundMs }: Pace, messages: number): Promise<string> {
  const sizes = [
    await openSize(stage, 'smaller', { messages: messages / 10, spread: 1_000, members: true }),
    await openSize(stage, 'larger', { messages, spread: 1_000, members: true }),
  ] as const
  try {
    for (const size of sizes) await size.counted()
    const postgres = await stage.postgresPid()
    const measure = async ({ side, server }: (typeof sizes)[number], scenario: Scenario) => {
      const taken = () => processorMs(server.child.pid as number) + processorMs(postgres)
      const [before, began] = [taken(), performance.now()]
      const perSecond = await side(scenario)(roundMs)
      return ((taken() - before) * 1000) / ((perSecond * (performance.now() - began)) / 1000)
    }
    const rows: string[][] = []
    for (const key of reads) {
      const scenario: Scenario = scenarios[key]
      const found: [number, number][] = []
      for (let round = -1; round < rounds; round++) {
        const pair: [number, number] = [await measure(sizes[0], scenario), await measure(sizes[1], scenario)]
        if (round >= 0) found.push(pair) // the first is to warm up
      }
      const cost = median(found.map(([smaller, larger]) => larger / smaller))
      rows.push([
        scenario.name,
        count(median(found.map(([smaller]) => smaller))),
        count(median(found.map(([, larger]) => larger))),
        ratio(cost),
        `<= ${ratio(readsAim)}`,
        verdict(cost <= readsAim),
      ])
    }
    const head = [
      'µs of processor a request',
      count(messages / 10),
      count(messages),
      'cost',
      'aim',
      'reached',
    ]
    return table(`Reads of ${count(messages)} messages, ${connections} connections`, head, rows)
  } finally {
    for (const { close } of sizes) await close()
  }
}

async function openSize(stage: Stage, name: string, contents: Contents) {
  const databaseUrl = await stage.createDatabase(name)
  const server: Server = await stage.startServer(databaseUrl)
  const world = await seed(databaseUrl, contents)
  const outbox = await Outbox.open(databaseUrl)
  return {
    server,
    side(scenario: Scenario): Side {
      const next = anyOf(scenario.requests(world, server.token))
      return async (ms) => {
        const begin = performance.now()
        const answers = await load({ port: server.port, next, connections, ms })
        if (scenario.writes) await outbox.drained()
        return (answers / (performance.now() - begin)) * 1000
      }
    },
    /** Resolves when the server has counted the existing messages, which it does in the background. */
    async counted(): Promise<void> {
      const client = new pg.Client({ connectionString: databaseUrl })
      await client.connect()
      try {
        const last = 'select coalesce(max(through_id), 0) as id from message_block where channel_id = $1'
        const near = world.hotThrough - Math.min(world.hotThrough / 2, 40_000)
        for (const end = Date.now() + blocksMs; ; await sleep(1_000)) {
          if (Number((await client.query(last, [world.hot])).rows[0].id) >= near) return
          if (Date.now() > end) throw new Error('The messages were not counted in time')
        }
      } finally {
        await client.end()
      }
    },
    close: () => outbox.close(),
  }
}
