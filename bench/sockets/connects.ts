// How many clients per second can connect at once, and what each costs: up to its user resource, and up to the end of a
// client's whole start, when everyone is notified of everyone who connects.

import { Outbox } from '../support/outbox.ts'
import { Others, processorMs } from '../support/processor.ts'
import { median } from '../support/rounds.ts'
import { type Members, seedMembers } from '../support/seed-members.ts'
import type { Server, Stage } from '../support/stage.ts'
import { count, ratio, table } from '../support/table.ts'
import { Crowd } from './crowd.ts'
import { type Account, StompClient } from './stomp.ts'

/** How a client connects. */
type Coming = (server: Server, world: Members, account: Account) => Promise<StompClient>

const comings: Record<string, Coming> = {
  'CONNECT to the user': ({ port }, { apiKey }, account) => StompClient.enter(port, apiKey, account),
  'the whole start': ({ port }, { apiKey }, account) => StompClient.start(port, apiKey, account),
}

interface Round {
  rate: number
  /** CPU time per client, in microseconds. */
  node: number
  postgres: number
}

/** Each round uses users who have never been online. @param sizes how many connect at once */
export async function connects(stage: Stage, rounds: number, sizes: number[]): Promise<string> {
  const databaseUrl = await stage.createDatabase('connects')
  const server = await stage.startServer(databaseUrl)
  const each = sizes.reduce((sum, size) => sum + size, 0) * (rounds + 1)
  const users = each * Object.keys(comings).length
  const world = await seedMembers(databaseUrl, { users, channels: [], online: false })
  const outbox = await Outbox.open(databaseUrl)
  const postgres = await stage.postgresPid()
  const strangers = world.accounts.values()
  const rows: string[][] = []
  try {
    for (const [name, come] of Object.entries(comings)) {
      for (const size of sizes) {
        const measure = () =>
          measured(server, postgres, outbox, size, () =>
            come(server, world, strangers.next().value as Account),
          )
        await measure() // to warm up
        const others = new Others()
        const found: Round[] = []
        for (let round = 0; round < rounds; round++) found.push(await measure())
        const middle = (pick: (round: Round) => number) => median(found.map(pick))
        rows.push([
          name,
          count(size),
          count(middle(({ rate }) => rate)),
          count(middle(({ node }) => node)),
          count(middle(({ postgres }) => postgres)),
          ratio(others.since()),
        ])
      }
    }
  } finally {
    await outbox.close()
  }
  return table(
    'Clients that come at once, whom nobody knew to be online',
    ['', 'clients', 'a second', 'µs each in Node', 'in Postgres', 'others'],
    rows,
  )
}

/** Connects and disconnects so many clients, and waits until the events they caused are published. */
async function measured(
  { child }: Server,
  postgres: number,
  outbox: Outbox,
  size: number,
  open: () => Promise<StompClient>,
): Promise<Round> {
  const taken = () => [processorMs(child.pid ?? 0), processorMs(postgres)] as const
  const before = taken()
  const crowd = await Crowd.open(size, open, size)
  await outbox.drained()
  const after = taken()
  await Promise.all(crowd.members.map((client) => client.disconnect()))
  await outbox.drained()
  const micros = (at: 0 | 1) => ((after[at] - before[at]) / size) * 1000
  return { rate: crowd.rate, node: micros(0), postgres: micros(1) }
}
