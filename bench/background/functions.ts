// The cost of chat functions: the one that a client waits for when it connects, warm and cold, and those that run after
// each of 100 messages per second. Two identical servers with a database each; only one has functions.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { StompClient } from '../sockets/stomp.ts'
import { ask, request } from '../support/load.ts'
import { percentile } from '../support/rounds.ts'
import { seedMembers } from '../support/seed-members.ts'
import type { Server, Stage } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'
import { type Side, sendSteadily } from './steadily.ts'

export interface Extent {
  connects: number
  deploys: number
  rounds: number
  roundMs: number
}

const aims = { warmMs: 10, coldMs: 500, p99: 2 }
const users = 50
const eventsPerSecond = 100

const gatekeeper = 'async function handleEvent(event, context) { return { welcome: event.username } }'
const listener = 'async function handleEvent(event, context) { console.log(event.message.body.length) }'

export async function functions(stage: Stage, extent: Extent): Promise<string> {
  const [plain, served] = [await prepare(stage, 'functions_off'), await prepare(stage, 'functions_on')]
  const gate = await createFunction(served.server, 'user.attempted.start_session')
  const deploy = () => createVersion(served.server, gate, gatekeeper)
  await deploy()
  const connecting = await measureConnecting(plain, served, extent.connects)
  const cold = await measureCold(served, extent.deploys, deploy)
  const listening = await createFunction(served.server, 'user.sent.message')
  await createVersion(served.server, listening, listener)
  const events = await measureEvents(plain, served, listening, extent)

  const added = (share: number) => percentile(connecting.with, share) - percentile(connecting.without, share)
  const coldMs = percentile(cold, 0.5) - percentile(connecting.without, 0.5)
  const slower = percentile(events.with, 0.99) / percentile(events.without, 0.99)
  const ms = (value: number) => value.toFixed(1)
  const signed = (value: number) => `${value < 0 ? '' : '+'}${ms(value)}`
  return table(
    `Chat functions: ${count(extent.connects)} connects, ${count(extent.deploys)} deploys, ${eventsPerSecond} messages a second`,
    ['ms', 'with', 'without', '', 'aim', 'reached'],
    [
      [
        'connecting, warm: median',
        ms(percentile(connecting.with, 0.5)),
        ms(percentile(connecting.without, 0.5)),
        signed(added(0.5)),
        `< ${aims.warmMs}`,
        verdict(added(0.5) < aims.warmMs),
      ],
      [
        'connecting, warm: p99',
        ms(percentile(connecting.with, 0.99)),
        ms(percentile(connecting.without, 0.99)),
        signed(added(0.99)),
        '',
        '',
      ],
      [
        'connecting, cold: median',
        ms(percentile(cold, 0.5)),
        ms(percentile(connecting.without, 0.5)),
        signed(coldMs),
        `< ${aims.coldMs}`,
        verdict(coldMs < aims.coldMs),
      ],
      [
        'sending while functions run: p99',
        ms(percentile(events.with, 0.99)),
        ms(percentile(events.without, 0.99)),
        ratio(slower),
        `< ${aims.p99}`,
        verdict(slower < aims.p99),
      ],
      [
        'sending while functions run: median',
        ms(percentile(events.with, 0.5)),
        ms(percentile(events.without, 0.5)),
        '',
        '',
        '',
      ],
      ['last message to last run done, worst round', ms(events.restMs), '', '', '', ''],
    ],
  )
}

async function prepare(stage: Stage, name: string): Promise<Side> {
  const databaseUrl = await stage.createDatabase(name)
  const server = await stage.startServer(databaseUrl)
  return {
    server,
    members: await seedMembers(databaseUrl, { users, channels: [{ from: 0, members: 1 }] }),
  }
}

async function post({ port, token }: Server, path: string, body: object): Promise<{ id: number }> {
  return JSON.parse(await ask(port, request('POST', path, token, body)))
}

async function createFunction(server: Server, type: string): Promise<number> {
  return (await post(server, '/v1/runtimes/nodejs/functions', { type, name: type })).id
}

async function createVersion(server: Server, id: number, handlerScript: string): Promise<void> {
  await post(server, `/v1/functions/${id}/versions`, { handlerScript })
}

/** Measures from opening the socket to CONNECTED, for each user in turn. */
async function connect({ server, members }: Side, nth: number): Promise<number> {
  const account = members.accounts[nth % users]
  if (!account) throw new Error('There are no users')
  const begin = performance.now()
  const client = await StompClient.connect(server.port, members.apiKey, account)
  const took = performance.now() - begin
  await client.disconnect()
  return took
}

interface Times {
  with: number[]
  without: number[]
}

async function measureConnecting(plain: Side, served: Side, connects: number): Promise<Times> {
  const times: Times = { with: [], without: [] }
  for (let nth = 0; nth < users; nth++) await Promise.all([connect(plain, nth), connect(served, nth)]) // to warm up
  for (let nth = 0; nth < connects; nth++) {
    times.without.push(await connect(plain, nth))
    times.with.push(await connect(served, nth))
  }
  return times
}

/** Measures the first connect after each deployment of a new version, which waits for a process. */
async function measureCold(served: Side, deploys: number, deploy: () => Promise<void>): Promise<number[]> {
  const times: number[] = []
  for (let nth = 0; nth < deploys; nth++) {
    await deploy()
    times.push(await connect(served, nth))
  }
  return times
}

async function measureEvents(
  plain: Side,
  served: Side,
  functionId: number,
  { rounds, roundMs }: Extent,
): Promise<Times & { restMs: number }> {
  const times: Times = { with: [], without: [] }
  const client = new pg.Client({ connectionString: served.server.databaseUrl })
  await client.connect()
  let sent = 0
  let restMs = 0
  try {
    await sendSteadily(plain, 1_000, eventsPerSecond) // to warm up
    sent += (await sendSteadily(served, 1_000, eventsPerSecond)).length
    await allRan(client, functionId, sent)
    for (let round = 0; round < rounds; round++) {
      times.without.push(...(await sendSteadily(plain, roundMs, eventsPerSecond)))
      const ours = await sendSteadily(served, roundMs, eventsPerSecond)
      times.with.push(...ours)
      sent += ours.length
      restMs = Math.max(restMs, await allRan(client, functionId, sent))
    }
  } finally {
    await client.end()
  }
  return { ...times, restMs }
}

const patienceMs = 60_000

/** Waits until the function has run for each message. @returns how long that took, in ms */
async function allRan(client: pg.Client, functionId: number, messages: number): Promise<number> {
  const begin = performance.now()
  for (;;) {
    const { rows } = await client.query(
      `select count(*)::int as ended from function_invocation where function_id = $1 and status = 'SUCCEEDED'`,
      [functionId],
    )
    if (rows[0].ended === messages) return performance.now() - begin
    if (rows[0].ended > messages || performance.now() - begin > patienceMs) {
      throw new Error(`${rows[0].ended} runs succeeded, of ${messages}`)
    }
    await sleep(10)
  }
}
