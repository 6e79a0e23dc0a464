// What a hundred times the messages cost: the same requests to two servers whose databases differ in size alone.

import { load } from './load.ts'
import { Outbox } from './outbox.ts'
import { anyOf, type Scenario, scenarios } from './requests.ts'
import { compare, type Pace, type Side } from './rounds.ts'
import { type Contents, seed } from './seed.ts'
import type { Stage } from './stage.ts'
import { count, ratio, table, verdict } from './table.ts'

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

async function openSize(stage: Stage, name: string, contents: Contents) {
  const databaseUrl = await stage.createDatabase(name)
  const server = await stage.startServer(databaseUrl)
  const world = await seed(databaseUrl, contents)
  const outbox = await Outbox.open(databaseUrl)
  return {
    side(scenario: Scenario): Side {
      const next = anyOf(scenario.requests(world, server.token))
      return async (ms) => {
        const begin = performance.now()
        const answers = await load({ port: server.port, next, connections, ms })
        if (scenario.writes) await outbox.drained()
        return (answers / (performance.now() - begin)) * 1000
      }
    },
    close: () => outbox.close(),
  }
}
