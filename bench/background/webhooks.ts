// The effect of failing webhook receivers on others: eight healthy ones, and in every other round a dead one and a slow
// one as well. Every message is delivered to all. Pairs of rounds begin with either side in turn, so that a machine
// whose load changes favours neither.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { median, percentile } from '../support/rounds.ts'
import { seedMembers } from '../support/seed-members.ts'
import type { Server, Stage } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'
import { type Side, sendSteadily } from './steadily.ts'

const aim = 1.2
const well = 8
const messagesPerSecond = 20
const warmUpMs = 2_000
const restMs = 10
const patienceMs = 60_000

export interface Extent {
  rounds: number
  roundMs: number
}

/** In ms. */
interface Times {
  sends: number[]
  deliveries: number[]
}

export async function webhooks(stage: Stage, { rounds, roundMs }: Extent): Promise<string> {
  const databaseUrl = await stage.createDatabase('webhooks')
  const server = await stage.startServer(databaseUrl)
  const members = await seedMembers(databaseUrl, { users: 2, channels: [{ from: 0, members: 1 }] })
  const side = { server, members }
  const receivers = await stage.startBare('bench/background/receivers.ts', {})
  const admin = await openAdmin(stage, server)
  const url = (path: string) => `http://127.0.0.1:${receivers.port}/${path}`
  for (let nth = 0; nth < well; nth++) await admin('POST', '', hook(url('fast'), true))
  const troubled = [
    await admin('POST', '', hook(url('dead'), false)),
    await admin('POST', '', hook(url('slow'), false)),
  ]
  const without: Times[] = []
  const withThem: Times[] = []
  await measure(side, receivers.port, warmUpMs)
  const sides = [
    [false, without],
    [true, withThem],
  ] as const
  for (let round = 0; round < rounds; round++) {
    for (const [enabled, times] of round % 2 === 0 ? sides : sides.toReversed()) {
      for (const { id } of troubled) await admin('PATCH', `/${id}`, { enabled })
      times.push(await measure(side, receivers.port, roundMs))
    }
  }
  const row = (what: string, of: keyof Times, share: number, isAim: boolean) => {
    const [ours, theirs] = [withThem, without].map((all) =>
      median(all.map((times) => percentile(times[of], share))),
    ) as [number, number]
    const times = ours / theirs
    return [
      what,
      ours.toFixed(1),
      theirs.toFixed(1),
      ratio(times),
      isAim ? `<= ${aim}` : '',
      isAim ? verdict(times <= aim) : '',
    ]
  }
  return table(
    `Webhooks: ${well} that are well, with and without one that is dead and one that is slow; ${count(messagesPerSecond)} messages a second, medians of ${rounds} rounds`,
    ['ms', 'with', 'without', '', 'aim', 'reached'],
    [
      row('sending: median', 'sends', 0.5, false),
      row('sending: p99', 'sends', 0.99, true),
      row('until the eight are told: median', 'deliveries', 0.5, false),
      row('until the eight are told: p99', 'deliveries', 0.99, true),
    ],
  )
}

const hook = (url: string, enabled: boolean) => ({ url, events: ['message.created'], enabled })

type Admin = (method: string, path: string, body: object) => Promise<{ id: number }>

/** Opens the admin API for webhooks of the first application. */
async function openAdmin(stage: Stage, server: Server): Promise<Admin> {
  const made = await promisify(execFile)(
    process.execPath,
    ['bin/chatterie.mjs', 'keys', 'create', 'bench', '--role', 'developer', '--json'],
    {
      env: {
        PATH: process.env.PATH,
        CHATTERIE_HOME: join(stage.folder, 'home'),
        DATABASE_URL: server.databaseUrl,
      },
    },
  )
  const { key } = JSON.parse(made.stdout)
  return async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/admin/v1/applications/1/webhooks${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`Refused: ${await answer.text()}`)
    return answer.json() as Promise<{ id: number }>
  }
}

/** Sends messages, and waits until all of them are delivered to the eight. */
async function measure(side: Side, port: number, ms: number): Promise<Times> {
  const sends = await sendSteadily(side, ms, messagesPerSecond)
  const deliveries: number[] = []
  const giveUpAt = performance.now() + patienceMs
  while (deliveries.length < sends.length * well) {
    if (performance.now() > giveUpAt)
      throw new Error(`Told were ${deliveries.length} of ${sends.length * well}`)
    await sleep(restMs)
    deliveries.push(...((await (await fetch(`http://127.0.0.1:${port}/`)).json()) as number[]))
  }
  return { sends, deliveries }
}
