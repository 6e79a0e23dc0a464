// Connections on which statements are pipelined instead of each waiting for a connection of its own. Concurrent ones
// are sent to Postgres in one write, run without pauses, and return in one read, because waking the other side is the
// main cost of a short statement. In processor time of Postgres and this process, a user by id took 163 µs and takes
// 108 pipelined, a page of messages 661 and 557. Each statement is a transaction of its own, as on any connection.
import type pg from 'pg'
import { LineQuery } from '#data/lines.ts'
import { isReadOnly } from '#errors.ts'

type Query = pg.QueryArrayConfig
type Result = pg.QueryArrayResult<unknown[]>

/** A statement is sent elsewhere if this many are ahead of it, or if the first of them takes this long. */
const lineMax = 64
const slowMs = 20

export class Lanes {
  readonly #lanes: Lane[]

  /**
   * @param size the number of connections; two that are never idle answer three times what a process can present
   * @param onLost called after one of the connections has failed
   */
  constructor(connect: () => pg.Client, size: number, onLost: () => void = () => {}) {
    this.#lanes = Array.from({ length: size }, () => new Lane(connect, onLost))
  }

  /** @returns undefined if all lanes are full or slow; the statement must then use another connection */
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
  /** How many statements are in flight. */
  length = 0
  /** When the first statement in flight became the first. */
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
        if (isReadOnly(error)) this.#renew(client)
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

  /** Makes the next statement open another connection. Statements in flight on this one are still answered. */
  #renew(client: pg.Client): void {
    if (this.#client !== client) return
    this.#client = undefined
    void client.end()
  }

  /** Returns the connection. One that fails rejects all statements in flight, and the next statement opens another. */
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
    client.connect().catch(lost) // the statements in flight are rejected
    this.#client = client
    return client
  }

  /**
   * Delays writes until the sockets that are readable at this moment have been read. The first statement in flight is
   * not delayed, because that would cost another turn of the event loop if no other follows.
   */
  #cork({ connection }: pg.Client): void {
    if (this.#isCorked) return
    this.#isCorked = true
    const { stream } = connection // with TLS, the connection has another stream by then
    stream.cork()
    setImmediate(() => {
      this.#isCorked = false
      stream.uncork()
    })
  }
}
