// The share of a bare server's throughput that remains with everything on: token check, validation, scopes, events.

import { ask, load } from '../support/load.ts'
import { Outbox } from '../support/outbox.ts'
import { anyOf, type Scenario, scenarios } from '../support/requests.ts'
import { compare, type Pace, type Side } from '../support/rounds.ts'
import { seed } from '../support/seed.ts'
import type { Running, Server, Stage } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'

const aims: [scenario: keyof typeof scenarios, connections: number, aim: number][] = [
  ['messages', 1, 0.6],
  ['messages', 32, 0.7],
  ['channels', 1, 0.6],
  ['channels', 32, 0.7],
  ['send', 1, 0.6],
  ['send', 32, 0.8],
  ['hot', 1, 0.6],
  ['hot', 32, 1.5],
]

export async function ratios(stage: Stage, pace: Pace): Promise<string> {
  const databaseUrl = await stage.createDatabase('ratios')
  const server = await stage.startServer(databaseUrl)
  const world = await seed(databaseUrl, { messages: 100_000, spread: 1_000 })
  const baseline = await stage.startBaseline(databaseUrl, world.applicationId)
  const outbox = await Outbox.open(databaseUrl)
  try {
    const rows: string[][] = []
    for (const [key, connections, aim] of aims) {
      const scenario: Scenario = scenarios[key]
      const requests = scenario.requests(world, server.token)
      await mustAnswerAlike(server, baseline, requests[0] as Buffer)
      const sides = { server, baseline, outbox, scenario, next: anyOf(requests), connections }
      const found = await compare(ofServer(sides), ofBaseline(sides), pace)
      rows.push([
        scenario.name,
        String(connections),
        count(found.first),
        count(found.second),
        ratio(found.ratio),
        `>= ${ratio(aim)}`,
        verdict(found.ratio >= aim),
      ])
    }
    const head = ['requests/s', 'connections', 'Chatterie', 'bare', 'ratio', 'aim', 'reached']
    return table('Chatterie beside bare node:http + pg, in the same run', head, rows)
  } finally {
    await outbox.close()
  }
}

interface Sides {
  server: Server
  baseline: Running
  outbox: Outbox
  scenario: Scenario
  next: () => Buffer
  connections: number
}

/** A request is done only when its deferred work is: the time ends when its events are published. */
function ofServer({ server, outbox, next, connections, scenario }: Sides): Side {
  return async (ms) => {
    const begin = performance.now()
    const answers = await load({ port: server.port, next, connections, ms })
    if (scenario.writes) await outbox.drained()
    return (answers / (performance.now() - begin)) * 1000
  }
}

/** The server is stopped meanwhile, so that publishing the baseline's events takes no CPU time from the baseline. */
function ofBaseline({ server, baseline, outbox, next, connections, scenario }: Sides): Side {
  return async (ms) => {
    server.child.kill('SIGSTOP')
    try {
      const begin = performance.now()
      const answers = await load({ port: baseline.port, next, connections, ms })
      return (answers / (performance.now() - begin)) * 1000
    } finally {
      server.child.kill('SIGCONT')
      if (scenario.writes) await outbox.drained()
    }
  }
}

/** @throws Error unless both bodies are identical except for the id and the time of new resources */
async function mustAnswerAlike(server: Running, baseline: Running, bytes: Buffer): Promise<void> {
  const [ours, theirs] = [await ask(server.port, bytes), await ask(baseline.port, bytes)].map(withoutNews)
  if (ours !== theirs) throw new Error(`The bodies differ:\n${ours}\n${theirs}`)
}

function withoutNews(body: string): string {
  const { id, createdTime } = JSON.parse(body)
  return id === undefined ? body : body.replaceAll(String(id), 'ID').replace(createdTime, 'TIME')
}
