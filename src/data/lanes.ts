// Connections on which statements stand in line instead of waiting for one of their own: what many ask for at the same
// time goes to Postgres in one write, runs there without a pause between two, and comes back in one read. To wake the other
// side is what a short statement costs most. Of processor, in Postgres and here, a user by id took 163 µs and takes 108 in
// line, a page of messages 661 and 557. Each is a transaction of its own, as on any connection.
import type pg from 'pg'
import { LineQuery } from '#data/lines.ts'

type Query = pg.QueryArrayConfig
type Result = pg.QueryArrayResult<unknown[]>

/** Whoever would be behind so many, or behind one that takes so long, is better off elsewhere. */
const lineMax = 64
const slowMs = 20

export class Lanes {
  readonly #lanes: Lane[]

  /**
   * @param size how many; two that are never idle answer three times what a process can present
   * @param onLost is called after one of its connections has broken
   */
  constructor(connect: () => pg.Client, size: number, onLost: () => void = () => {}) {
    this.#lanes = Array.from({ length: size }, () => new Lane(connect, onLost))
  }

  /** @returns nothing where the lanes are full, or held up: then it is to be asked elsewhere */
  query(query: Query): Promise<Result> | undefined {
    let best: Lane | undefined
    for (const lane of this.#lanes)
      if (lane.isFree && (best === undefined || lane.length < best.length)) best = lane
    return best?.query(query)
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }
}

class Lane {
  readonly #connect: () => pg.Client
  readonly #onLost: () => void
  #client: pg.Client | undefined
  #isClosed = false
  #isCorked = false
  /** How many are in line. */
  length = 0
  /** When the first of them became the first. */
  #firstSince = 0

  constructor(connect: () => pg.Client, onLost: () => void) {
    this.#connect = connect
    this.#onLost = onLost
  }

  get isFree(): boolean {
    if (this.#isClosed || this.length >= lineMax) return false
    return this.length === 0 || performance.now() - this.#firstSince < slowMs
  }

  query(query: Query): Promise<Result> {
    const client = this.#open()
    if (this.length === 0) this.#firstSince = performance.now()
    else this.#cork(client)
    this.length += 1
    return new Promise((resolve, reject) => {
      const answered = (error: Error | undefined, result: Result) => {
        this.length -= 1
        this.#firstSince = performance.now()
        if (error) reject(error)
        else resolve(result)
      }
      client.query(new LineQuery(query, answered as never))
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#client?.end()
  }

  /** A connection that broke has failed all that were in line; the next one begins anew. */
  #open(): pg.Client {
    if (this.#client) return this.#client
    const client = this.#connect()
    const lost = () => {
      if (this.#client !== client) return
      this.#client = undefined
      this.#onLost()
    }
    client.on('error', lost)
    client.on('end', lost)
    client.connect().catch(lost) // those in line are told
    this.#client = client
    return client
  }

  /**
   * Holds back what is asked until the sockets that can be read at this moment have been read. The first in line does not
   * wait for that: where nobody follows, it would be another turn of the loop.
   */
  #cork({ connection }: pg.Client): void {
    if (this.#isCorked) return
    this.#isCorked = true
    const { stream } = connection // with TLS, it is another one by then
    stream.cork()
    setImmediate(() => {
      this.#isCorked = false
      stream.uncork()
    })
  }
}
