// The cost of a send to a channel with very many offline members: by REST and over the socket.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Line, load } from '../support/load.ts'
import { Outbox } from '../support/outbox.ts'
import { messageOf, sendRequest } from '../support/requests.ts'
import { compare, type Pace, percentile, until } from '../support/rounds.ts'
import { type Members, seedMembers } from '../support/seed-members.ts'
import type { Server, Stage } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'
import { loadSockets } from './socket-load.ts'
import { StompClient } from './stomp.ts'

const aim = 1.3
/** The number of members of the small channel, who are members of the large one as well, and send to both. */
const few = 10
/** The pause between messages of a user who writes. */
const pauseMs = 10

export async function members(stage: Stage, pace: Pace, many: number): Promise<string> {
  const databaseUrl = await stage.createDatabase('members')
  const server = await stage.startServer(databaseUrl)
  const world = await seedMembers(databaseUrl, {
    users: many,
    channels: [few, many].map((size) => ({ from: 0, members: size })),
  })
  const clients = await Promise.all(
    world.accounts.slice(0, few).map((account) => StompClient.start(server.port, world.apiKey, account)),
  )
  const outbox = await Outbox.open(databaseUrl)
  const tasks = await NotificationTasks.open(databaseUrl)
  const drained = () => outbox.drained()
  const [small = 0, large = 0] = world.channels
  try {
    await tasks.refuse()
    const doors = {
      'REST, messages/s': (channelId: number) => {
        const next = requests(server, world, channelId)
        return until(drained, (ms) => load({ port: server.port, next, connections: few, ms }))
      },
      'socket, messages/s': (channelId: number) => {
        const next = () => ({ channelId, message: messageOf(channelId) })
        return until(drained, (ms) => loadSockets({ clients, next, inFlight: few, ms }))
      },
    }
    const rows: string[][] = []
    for (const [name, side] of Object.entries(doors)) {
      const found = await compare(side(small), side(large), pace)
      rows.push([
        name,
        count(found.first),
        count(found.second),
        ratio(found.ratio),
        `<= ${ratio(aim)}`,
        verdict(found.ratio <= aim),
      ])
    }

    await tasks.accept()
    const times: [number[], number[]] = [[], []]
    for (let round = 0; round < pace.rounds; round++) {
      for (const [at, channelId] of [small, large].entries()) {
        const next = requests(server, world, channelId)
        times[at]?.push(...(await sendFor(server, next, pace.roundMs)))
        await tasks.clear()
        await drained()
      }
    }
    for (const [name, share] of Object.entries({ median: 0.5, p99: 0.99 })) {
      const [first, second] = times.map((each) => percentile(each, share)) as [number, number]
      const title = `${name} of a lone send while notifications are written, ms`
      rows.push([title, first.toFixed(1), second.toFixed(1), ratio(second / first), '', ''])
    }
    return table(
      `Sending to ${count(few)} and to ${count(many)} members, ${few} at a time`,
      ['', count(few), count(many), 'cost', 'aim', 'reached'],
      rows,
    )
  } finally {
    await Promise.all([outbox.close(), tasks.close()])
  }
}

function requests({ token }: Server, { accounts }: Members, channelId: number): () => Buffer {
  const bytes = accounts
    .slice(0, few)
    .map(({ username }, nth) => sendRequest(token, channelId, nth, username))
  let nth = 0
  return () => {
    nth = (nth + 1) % bytes.length
    return bytes[nth] as Buffer
  }
}

/** Sends one message after another. @returns how long each took, in ms */
async function sendFor({ port }: Server, next: () => Buffer, ms: number): Promise<number[]> {
  const line = await Line.open(port)
  const end = performance.now() + ms
  const times: number[] = []
  while (performance.now() < end) {
    const begin = performance.now()
    await line.send(next())
    times.push(performance.now() - begin)
    await sleep(pauseMs)
  }
  line.end()
  return times
}

/**
 * The background work that a send causes: notifying every member. A message to 100,000 members takes seconds of it, so
 * thousands of messages cannot wait for it.
 */
class NotificationTasks {
  readonly #client: pg.Client

  static async open(databaseUrl: string): Promise<NotificationTasks> {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    client.on('error', () => {}) // Postgres may stop before this client
    return new NotificationTasks(client)
  }

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /** Disables notifications from now on. */
  async refuse(): Promise<void> {
    await this.#client.query(`
      create function refuse() returns trigger language plpgsql as 'begin return null; end';
      create trigger refuse before insert on notification_task for each row execute function refuse()`)
  }

  async accept(): Promise<void> {
    await this.#client.query('drop trigger refuse on notification_task')
  }

  /** Discards pending notifications of what was sent so far. */
  async clear(): Promise<void> {
    await this.#client.query('delete from notification_task')
  }

  close(): Promise<void> {
    return this.#client.end()
  }
}
