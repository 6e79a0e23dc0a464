// The guarantees under all faults: nothing acknowledged is lost, nothing is stored or delivered twice, all in order.

/** A message that a writer sent, with the outcome as far as the writer knows it. */
export interface Write {
  writer: string
  /** The writer's number of the message, from 1. It sends the next once the last is answered or given up. */
  nth: number
  /** `unknown` if there was no answer, or one that reports a failure of the server. */
  outcome: 'acknowledged' | 'unknown'
  /** The message's id, if it was acknowledged. */
  id?: number
}

/** A message delivered to a reader. */
export interface Heard {
  id: number
  body: string
  /** The number of the reader's connection, from 1. */
  connection: number
  /** The number of its session, from 1. A new one begins if the last cannot be resumed. */
  session: number
  /** `history` if the reader read it after its session could not be resumed. */
  by: 'event' | 'history'
  /** When the server confirmed the acknowledgement with a RECEIPT, in ms since the epoch. */
  confirmedAt?: number
  /** When the connection of this delivery ended, in ms since the epoch. */
  endedAt?: number
}

export interface Reading {
  reader: string
  heard: Heard[]
}

/** What the server has stored in the end. */
export interface Stored {
  /** All messages of the channel, in the order of the history. */
  history: { id: number; body: string }[]
  /** The channel's message count in the API. */
  total: number
  /** The increase of the application's message count in the round. */
  added: number
}

/** When a process or Postgres was killed: acknowledgements from before may have been lost. */
export interface Death {
  at: number
}

/** Servers save acknowledged positions every 2 s (decision 9), and may be slow. */
export const keptWithinMs = 6_000

/** Messages on a connection that ends this soon after a kill may have been sent before it. */
const underWayMs = 2_000

export function bodyOf({ writer, nth }: Pick<Write, 'writer' | 'nth'>): string {
  return `${writer} ${nth}`
}

/** @returns the violations, one per line; empty if all guarantees were kept */
export function judge(writes: Write[], stored: Stored, readings: Reading[], deaths: Death[]): string[] {
  return [
    ...judgeHistory(writes, stored),
    ...readings.flatMap((reading) => judgeReading(reading, stored, deaths)),
    ...judgeOrder(writes, 'the history', stored.history),
    ...readings.flatMap((reading) => judgeOrder(writes, reading.reader, firsts(reading))),
    ...judgeAgreement(readings),
  ]
}

function judgeHistory(writes: Write[], { history, total, added }: Stored): string[] {
  const broken: string[] = []
  const ids = new Map<string, number[]>()
  for (const { id, body } of history) ids.set(body, [...(ids.get(body) ?? []), id])
  for (const write of writes) {
    const body = bodyOf(write)
    const found = ids.get(body) ?? []
    ids.delete(body)
    if (found.length > 1) broken.push(`"${body}" is stored ${found.length} times`)
    if (write.outcome !== 'acknowledged') continue
    if (found.length === 0) broken.push(`"${body}" was acknowledged as ${write.id} and is lost`)
    else if (!found.includes(write.id ?? 0)) {
      broken.push(`"${body}" was acknowledged as ${write.id} and is stored as ${found[0]}`)
    }
  }
  for (const body of ids.keys()) broken.push(`"${body}" is stored and nobody wrote it`)
  for (const [where, count] of [
    ['channel', total],
    ['application', added],
  ] as const) {
    if (count !== history.length)
      broken.push(`${history.length} messages are counted as ${count} in the ${where}`)
  }
  return broken
}

function judgeReading({ reader, heard }: Reading, { history }: Stored, deaths: Death[]): string[] {
  const broken: string[] = []
  const delivered = new Set(heard.map(({ id }) => id))
  for (const { id, body } of history) {
    if (!delivered.has(id)) broken.push(`${reader} was never delivered of "${body}" (${id})`)
  }
  const stored = new Set(history.map(({ id }) => id))
  for (const { id, body } of heard) {
    if (!stored.has(id)) broken.push(`${reader} was delivered of "${body}" (${id}), which is not stored`)
  }
  const before = new Map<number, Heard>()
  for (const each of heard) {
    const earlier = before.get(each.id)
    before.set(each.id, each)
    if (!earlier || earlier.session !== each.session || each.by === 'history' || earlier.by === 'history') {
      continue
    }
    if (earlier.connection === each.connection) {
      broken.push(
        `${reader} was delivered twice of "${each.body}" (${each.id}) on connection ${each.connection}`,
      )
    } else if (wasKept(earlier, deaths)) {
      broken.push(
        `${reader} was delivered again of "${each.body}" (${each.id}) on connection ${each.connection}, ` +
          `though its acknowledgement was taken on connection ${earlier.connection}`,
      )
    }
  }
  return broken
}

/** Whether the server must know that this was acknowledged. */
function wasKept({ confirmedAt, endedAt = Number.POSITIVE_INFINITY }: Heard, deaths: Death[]): boolean {
  if (confirmedAt === undefined) return false
  return deaths.every(
    ({ at }) => confirmedAt < at - keptWithinMs || (confirmedAt > at && endedAt > at + underWayMs),
  )
}

/** What an application shows that deduplicates messages by id: each at its first delivery. */
function firsts({ heard }: Reading): Heard[] {
  const seen = new Set<number>()
  return heard.filter(({ id }) => !seen.has(id) && seen.add(id))
}

/** Acknowledged messages come before all later messages of their writer. */
function judgeOrder(writes: Write[], where: string, messages: { body: string }[]): string[] {
  const byBody = new Map(writes.map((write) => [bodyOf(write), write]))
  const last = new Map<string, Write>()
  const broken: string[] = []
  for (const { body } of messages) {
    const write = byBody.get(body)
    if (!write) continue
    const before = last.get(write.writer)
    if (before && before.nth > write.nth && write.outcome === 'acknowledged') {
      broken.push(`in ${where}, "${body}" comes after "${bodyOf(before)}"`)
    }
    if (!before || before.nth < write.nth) last.set(write.writer, write)
  }
  return broken
}

/** All deliveries have one order: on each connection, and between the connections of a session for new messages. */
function judgeAgreement(readings: Reading[]): string[] {
  const [reference] = readings.filter(({ heard }) => heard.every(({ by }) => by === 'event'))
  if (!reference) return [] // all have read the history, which has an order of its own
  const place = new Map(firsts(reference).map(({ id }, at) => [id, at]))
  const inOrder = (reader: string, heard: Heard[], lineOf: (heard: Heard) => number) => {
    const last = new Map<number, Heard>()
    return heard.flatMap((each) => {
      const before = last.get(lineOf(each))
      last.set(lineOf(each), each)
      if (!before || (place.get(before.id) ?? 0) <= (place.get(each.id) ?? Number.POSITIVE_INFINITY))
        return []
      const others = reference.reader
      return [
        `${reader} was delivered of "${each.body}" after "${before.body}", ${others} the other way round`,
      ]
    })
  }
  return readings.flatMap((reading) => {
    const events = (heard: Heard[]) => heard.filter(({ by }) => by === 'event')
    const { reader, heard } = reading
    const broken = [
      ...inOrder(reader, events(heard), ({ connection }) => connection),
      ...inOrder(reader, events(firsts(reading)), ({ session }) => session),
    ]
    return [...new Set(broken)]
  })
}
