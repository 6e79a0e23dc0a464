// Compares Chatterie with independent servers: the smallest one on the smallest schema, and variants that show the
// limits of the stack; also with the bare server that runs Chatterie's own statements, which cannot show their cost.
import pg from 'pg'
import type { Figure, Report } from '../support/figures.ts'
import { load } from '../support/load.ts'
import { Outbox } from '../support/outbox.ts'
import { Others, processorMs, residentMb } from '../support/processor.ts'
import { anyOf, type Scenario, scenarios } from '../support/requests.ts'
import { median, type Pace } from '../support/rounds.ts'
import { seed } from '../support/seed.ts'
import { type Running, type Stage, signal } from '../support/stage.ts'
import { count, ratio, table } from '../support/table.ts'
import { contents, tables } from './schema.ts'

/** `limit` is the manner of server.ts that shows the limit of the stack; `isOwn` if bench/requests/baseline.ts does it too. */
interface Work {
  work: keyof typeof scenarios
  connections: number
  limit?: 'batched' | 'text'
  isOwn?: true
}

const works: Work[] = [
  { work: 'send', connections: 32, limit: 'batched', isOwn: true },
  { work: 'send', connections: 1, limit: 'batched', isOwn: true },
  { work: 'hot', connections: 32, limit: 'batched', isOwn: true },
  { work: 'messages', connections: 32, limit: 'text', isOwn: true },
  { work: 'messages', connections: 1, limit: 'text', isOwn: true },
  { work: 'channels', connections: 32, isOwn: true },
  { work: 'user', connections: 32 },
  { work: 'channel', connections: 32 },
]

/** The number of rounds after its start during which a server counts as young. */
const youngRounds = 30

interface Side {
  name: string
  round(connections: number, ms: number): Promise<Round>
}

interface Round {
  perSecond: number
  /** CPU microseconds per request: of the server's process, and of Postgres. */
  serverUs: number
  postgresUs: number
}

/** The rows of the table, and the figures that can be compared with another run. */
interface Found {
  rows: string[][]
  figures: Figure[]
}

export async function yardstick(stage: Stage, pace: Pace): Promise<Report> {
  const databaseUrl = await stage.createDatabase('yardstick')
  const server = await stage.startServer(databaseUrl)
  const world = await seed(databaseUrl, { messages: 100_000, spread: 1_000 })
  const outbox = await Outbox.open(databaseUrl)
  const found: Found = { rows: [], figures: [] }
  try {
    const sidesOf = ({ work, limit, isOwn }: Work, others: Bare): Side[] => {
      const scenario: Scenario = scenarios[work]
      const next = anyOf(scenario.requests(world, server.token))
      const drained = async () => void (scenario.writes && (await outbox.drained()))
      const bare = (name: string, running: Running): Side => ({
        name,
        round: (connections, ms) =>
          withoutServer(server, drained, () => measure(stage, running, { next, connections, ms })),
      })
      return [
        {
          name: 'Chatterie',
          round: (connections, ms) => measure(stage, server, { next, connections, ms }, drained),
        },
        ...(limit ? [bare('bare', others.plain), bare(`bare, ${limit}`, others[limit])] : []),
        ...(isOwn ? [bare('its statements', others.own)] : []),
      ]
    }
    const others = await startBare(stage, databaseUrl, world.applicationId)
    await ofYoung(sidesOf({ work: 'send', connections: 32 }, others)[0] as Side, pace, found)
    for (const work of works) await inTurns(work, sidesOf(work, others), pace, found)
    const mb = residentMb(server.child.pid as number)
    found.rows.push(['resident MiB after all of it', 'Chatterie', count(mb), '', '', '', '', ''])
    found.figures.push({ name: 'resident MiB', rounds: [mb], better: 'less' })
  } finally {
    await outbox.close()
  }
  const head = ['requests/s', 'server', '', 'µs each', 'in Node', 'in Postgres', 'ratio', 'others']
  return { text: table('Chatterie beside the yardstick', head, found.rows), figures: found.figures }
}

/** Measures a server without earlier requests: nothing is compiled, planned or cached. */
async function ofYoung(side: Side, { roundMs }: Pace, found: Found): Promise<void> {
  const others = new Others()
  const rounds: Round[] = []
  for (let nth = 0; nth < youngRounds; nth++) rounds.push(await side.round(32, roundMs))
  const name = `${scenarios.send.name}, 32, a server's first ${((youngRounds * roundMs) / 1000).toFixed(0)} s`
  found.rows.push([name, side.name, ...cells(rounds), '', others.since().toFixed(1)])
  found.figures.push({ name: `${name}: µs each`, rounds: rounds.map(processorUs), better: 'less' })
}

async function inTurns(
  { work, connections, limit }: Work,
  sides: Side[],
  { rounds, roundMs }: Pace,
  found: Found,
): Promise<void> {
  const measured = sides.map((): Round[] => [])
  for (const side of sides) await side.round(connections, roundMs) // to warm up
  const others = new Others()
  for (let nth = 0; nth < rounds; nth++)
    for (const [at, side] of sides.entries()) measured[at]?.push(await side.round(connections, roundMs))
  const busy = others.since().toFixed(1)
  const name = `${scenarios[work].name}, ${connections}`
  const bare = limit && measured[1]
  for (const [at, side] of sides.entries()) {
    const own = measured[at] as Round[]
    const ratios = own.map(({ perSecond }, nth) => perSecond / (bare?.[nth]?.perSecond ?? Number.NaN))
    found.rows.push([name, side.name, ...cells(own), bare ? ratio(median(ratios)) : '', busy])
    if (at > 0) continue
    found.figures.push({ name: `${name}: µs each`, rounds: own.map(processorUs), better: 'less' })
    if (bare) found.figures.push({ name: `${name}: to bare`, rounds: ratios, better: 'more' })
  }
}

const processorUs = ({ serverUs, postgresUs }: Round) => serverUs + postgresUs

function cells(rounds: Round[]): string[] {
  const middle = (pick: (round: Round) => number) => count(median(rounds.map(pick)))
  return [
    middle(({ perSecond }) => perSecond),
    middle(processorUs),
    middle(({ serverUs }) => serverUs),
    middle(({ postgresUs }) => postgresUs),
  ]
}

// ---------------------------------------------------------------------------------------------- measuring

interface Asked {
  next: () => Buffer
  connections: number
  ms: number
}

/** Measures one round. Deferred work is part of the cost, so the round ends when it is done. */
async function measure(
  stage: Stage,
  { child, port }: Running,
  asked: Asked,
  done: () => Promise<void> = async () => {},
): Promise<Round> {
  const taken = async () =>
    [processorMs(child.pid as number), processorMs(await stage.postgresPid())] as const
  const [serverBefore, postgresBefore] = await taken()
  const began = performance.now()
  const answers = await load({ port, ...asked })
  await done()
  const perSecond = (answers / (performance.now() - began)) * 1000
  const [serverAfter, postgresAfter] = await taken()
  const us = (ms: number) => (ms * 1000) / answers
  return {
    perSecond,
    serverUs: us(serverAfter - serverBefore),
    postgresUs: us(postgresAfter - postgresBefore),
  }
}

/** Chatterie is stopped meanwhile; afterwards it processes events that others wrote into its outbox. */
async function withoutServer(
  { child }: Running,
  drained: () => Promise<void>,
  work: () => Promise<Round>,
): Promise<Round> {
  signal(child, 'SIGSTOP')
  try {
    return await work()
  } finally {
    signal(child, 'SIGCONT')
    await drained()
  }
}

// ------------------------------------------------------------------------------------------------- servers

type Bare = Record<'plain' | 'batched' | 'text' | 'own', Running>

/** Starts the servers of the yardstick, on their own database, and the one that runs Chatterie's statements. */
async function startBare(stage: Stage, ourUrl: string, applicationId: number): Promise<Bare> {
  const url = await stage.createEmptyDatabase('yardstick_bare')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of `${tables};${contents}`.split(';')) await client.query(statement)
  } finally {
    await client.end()
  }
  const start = (manner: string) =>
    stage.startBare('bench/yardstick/server.ts', { DATABASE_URL: url, MANNER: manner })
  return {
    plain: await start('plain'),
    batched: await start('batched'),
    text: await start('text'),
    own: await stage.startBaseline(ourUrl, applicationId),
  }
}
