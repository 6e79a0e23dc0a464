// One message to thousands of sockets: deliveries per second, and the time until the last socket has a message.
import { setTimeout as sleep } from 'node:timers/promises'
import { channelHypermedia } from '#resources/channel.ts'
import { Line, request } from '../support/load.ts'
import { Outbox } from '../support/outbox.ts'
import { processorMs } from '../support/processor.ts'
import { sendRequest } from '../support/requests.ts'
import { compare, median, type Pace, percentile, type Side, until } from '../support/rounds.ts'
import { seedMembers } from '../support/seed-members.ts'
import { type Stage, stop } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'
import { Crowd } from './crowd.ts'
import { type Account, countFrames, StompClient } from './stomp.ts'
import { WebSocketClient } from './websocket.ts'

const aim = 0.8
/** Messages in flight to everyone at the same time. */
const inFlight = 8
/** The pause between single messages, so that none are batched. */
const pauseMs = 25

export async function fanout(
  stage: Stage,
  pace: Pace,
  sizes: number[],
  loneOfRound: number,
): Promise<string> {
  const rates: string[][] = []
  const times: string[][] = []
  for (const size of sizes) {
    const ours = await openChatterie(stage, size)
    const bare = await openBare(stage, size, ours.sample)
    const [oursTakes, bareTakes] = [new Processor(ours), new Processor(bare)]
    const rate = await compare(oursTakes.during(streamOf(ours)), bareTakes.during(streamOf(bare)), pace)
    rates.push([
      count(size),
      count(rate.first),
      count(rate.second),
      ratio(rate.ratio),
      `>= ${ratio(aim)}`,
      verdict(rate.ratio >= aim),
      oursTakes.micros.toFixed(1),
      bareTakes.micros.toFixed(1),
    ])
    const lone: [number[], number[]] = [[], []]
    for (let round = 0; round < pace.rounds; round++) {
      for (const [at, side] of [ours, bare].entries()) lone[at]?.push(...(await sendAlone(side, loneOfRound)))
    }
    for (const [name, share] of Object.entries({ median: 0.5, p99: 0.99 })) {
      const [first, second] = lone.map((each) => percentile(each, share)) as [number, number]
      times.push([count(size), name, first.toFixed(1), second.toFixed(1), ratio(first / second)])
    }
    await ours.close()
    await bare.close()
  }
  return [
    table(
      `Messages to one channel, ${inFlight} at a time, beside bare ws with the same bytes`,
      ['deliveries/s to sockets', 'Chatterie', 'bare', 'ratio', 'aim', 'reached', 'µs each', 'bare'],
      rates,
    ),
    table(
      'From the start of a lone send until the last socket has it',
      ['ms, sockets', '', 'Chatterie', 'bare', 'times'],
      times,
    ),
  ].join('\n')
}

// ----------------------------------------------------------------------------------------- the two sides

interface Broadcast {
  pid: number
  crowd: Pick<Crowd<never>, 'size' | 'deliveries' | 'received'>
  lines: Line[]
  /** Returns the request that sends a message to everyone. */
  next: () => Buffer
  /** Resolves when work that is deferred until after the deliveries is done. */
  settled: () => Promise<void>
  close: () => Promise<void>
}

async function openChatterie(stage: Stage, size: number): Promise<Broadcast & { sample: string }> {
  const databaseUrl = await stage.createDatabase(`fanout_${size}`)
  const server = await stage.startServer(databaseUrl)
  const world = await seedMembers(databaseUrl, { users: size, channels: [{ from: 0, members: size }] })
  const [id = 0] = world.channels
  const { self, messages } = channelHypermedia.topics
  const crowd = await Crowd.open(size, async (nth) => {
    const client = await StompClient.connect(server.port, world.apiKey, world.accounts[nth] as Account)
    await client.subscribe(self.at({ id }), messages.at({ id })) // online subscribers are not notified
    return client
  })
  const outbox = await Outbox.open(databaseUrl)
  await outbox.drained()
  let nth = 0
  const next = () => {
    nth += 1
    return sendRequest(server.token, id, nth, `user-${1 + (nth % size)}`)
  }
  const lines = await openLines(server.port)
  const [line] = lines as [Line]
  const [listener] = crowd.members as [StompClient]
  const [sample] = await Promise.all([listener.next(), line.send(next()), crowd.received(size - 1)])
  crowd.count(listener)
  return {
    pid: server.child.pid ?? 0,
    crowd,
    lines,
    next,
    sample,
    settled: () => outbox.drained(),
    async close() {
      await outbox.close()
      await stop(server.child)
    },
  }
}

/** Sends everyone the frame that Chatterie sent to one of its clients. */
async function openBare(stage: Stage, size: number, frame: string): Promise<Broadcast> {
  const { child, port } = await stage.startBareSockets()
  const crowd = await Crowd.open(size, async () => {
    const socket = await WebSocketClient.open(port, '/')
    return {
      count: (counted: () => void, lost: (error: Error) => void) => countFrames(socket, counted, lost),
    }
  })
  const lines = await openLines(port)
  await fetch(`http://127.0.0.1:${port}/`, { method: 'PUT', body: frame })
  const publish = request('POST', '/', '')
  return {
    pid: child.pid ?? 0,
    crowd,
    lines,
    next: () => publish,
    settled: async () => {},
    close: () => stop(child),
  }
}

function openLines(port: number): Promise<Line[]> {
  return Promise.all(Array.from({ length: inFlight }, () => Line.open(port)))
}

// ------------------------------------------------------------------------------------------- measuring

/** Counts deliveries while each line sends its next message when everyone has received its last one. */
function streamOf({ crowd, lines, next, settled }: Broadcast): Side {
  return until(settled, async (ms) => {
    const end = performance.now() + ms
    const before = crowd.deliveries
    let sent = 0
    const send = async (line: Line) => {
      do {
        await line.send(next())
        sent += 1
        await crowd.received(before + sent * crowd.size)
      } while (performance.now() < end)
    }
    await Promise.all(lines.map(send))
    return crowd.deliveries - before
  })
}

/** Measures the CPU time of deliveries, which does not increase on a busy machine. */
class Processor {
  readonly #broadcast: Broadcast
  readonly #rounds: number[] = []

  constructor(broadcast: Broadcast) {
    this.#broadcast = broadcast
  }

  during(side: Side): Side {
    const { pid, crowd } = this.#broadcast
    return async (ms) => {
      const [before, delivered] = [processorMs(pid), crowd.deliveries]
      const rate = await side(ms)
      this.#rounds.push(((processorMs(pid) - before) / (crowd.deliveries - delivered)) * 1000)
      return rate
    }
  }

  /** CPU time of the server's process per delivery, the median of the rounds. */
  get micros(): number {
    return median(this.#rounds)
  }
}

/** Returns how long each of so many messages took to reach the last socket, in ms. */
async function sendAlone({ crowd, lines, next, settled }: Broadcast, messages: number): Promise<number[]> {
  const [line] = lines as [Line]
  const times: number[] = []
  for (let message = 0; message < messages; message++) {
    await settled()
    await sleep(pauseMs)
    const bytes = next()
    const begin = performance.now()
    await Promise.all([line.send(bytes), crowd.received(crowd.deliveries + crowd.size)])
    times.push(performance.now() - begin)
  }
  return times
}
