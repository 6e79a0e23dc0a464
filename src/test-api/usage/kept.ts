// The coverage of the API by each world and by all together, with warnings (testing contract 5).
import { isLegacy, patternOf } from '#test-api/usage/patterns.ts'

type WarningKind =
  | 'unknown field'
  | 'deprecated spelling'
  | 'content type'
  | 'never acknowledged'
  | 'after deletion'

interface Warning {
  kind: WarningKind
  message: string
  /** How often the same warning occurred. */
  count: number
  [detail: string]: unknown
}

export type NewWarning = Omit<Warning, 'count'> & { kind: WarningKind; message: string }

/** Maximum number of distinct warnings; a suite of thousands of tests repeats the same mistakes. */
const warningsMax = 1_000
/** Maximum number of unacknowledged messages tracked per connection. */
const awaitedMax = 10_000

interface Topic {
  count: number
  /** The numbers of messages that required an acknowledgement, and that received one. */
  sent: number
  acknowledged: number
}

class Coverage {
  readonly operations = new Map<string, { count: number; statuses: Record<string, number> }>()
  readonly actions = new Map<string, number>()
  readonly relays = new Map<string, number>()
  readonly topics = new Map<string, Topic>()
  readonly warnings = new Map<string, Warning>()

  topic(pattern: string): Topic {
    const topic = this.topics.get(pattern) ?? { count: 0, sent: 0, acknowledged: 0 }
    this.topics.set(pattern, topic)
    return topic
  }

  warn(warning: NewWarning): void {
    const key = `${warning.kind} ${warning.message}`
    const known = this.warnings.get(key)
    if (known) known.count += 1
    else if (this.warnings.size < warningsMax) this.warnings.set(key, { ...warning, count: 1 })
  }

  present(operationIds: readonly string[]) {
    const silent = [...this.topics].filter(([, { sent, acknowledged }]) => sent > 0 && acknowledged === 0)
    return {
      operations: Object.fromEntries(this.operations),
      unused: operationIds.filter((id) => !this.operations.has(id)),
      actions: Object.fromEntries(this.actions),
      relays: Object.fromEntries(this.relays),
      topics: Object.fromEntries([...this.topics].map(([pattern, { count }]) => [pattern, count])),
      warnings: [
        ...this.warnings.values(),
        ...silent.map(([topic, { sent }]) => ({
          kind: 'never acknowledged' as const,
          message: `${topic} had ${sent} messages, and none was acknowledged: they come again`,
          count: sent,
          topic,
        })),
      ],
    }
  }
}

export class Coverages {
  readonly #all = new Coverage()
  readonly #worlds = new Map<number, Coverage>()
  /** Topics of unacknowledged messages, by connection and `ack` id. */
  readonly #awaited = new WeakMap<object, Map<string, Topic[]>>()

  /** @param worldId undefined for requests outside worlds */
  requested(worldId: number | undefined, operation: string, status: number): void {
    for (const { operations } of this.#of(worldId)) {
      const known = operations.get(operation) ?? { count: 0, statuses: {} }
      known.count += 1
      known.statuses[status] = (known.statuses[status] ?? 0) + 1
      operations.set(operation, known)
    }
  }

  /** Counts a SUBSCRIBE to a topic or a relay. */
  subscribed(worldId: number, destination: string): void {
    const relay = patternOf('relays', destination)
    const topic = patternOf('topics', destination)
    for (const coverage of this.#of(worldId)) {
      if (relay) count(coverage.relays, relay)
      if (topic) coverage.topic(topic).count += 1
    }
    this.#warnOfLegacy(worldId, destination, relay)
  }

  /** Counts a SEND. */
  sent(worldId: number, destination: string): void {
    const action = patternOf('actions', destination)
    if (action) for (const { actions } of this.#of(worldId)) count(actions, action)
    this.#warnOfLegacy(worldId, destination, action)
  }

  /** Tracks a MESSAGE that is to be acknowledged. */
  awaits(
    worldId: number,
    connection: object,
    { destination, ack }: { destination: string; ack: string },
  ): void {
    const pattern = patternOf('topics', destination)
    if (!pattern) return
    const topics = this.#of(worldId).map((coverage) => coverage.topic(pattern))
    for (const topic of topics) topic.sent += 1
    const awaited = this.#awaited.get(connection) ?? new Map<string, Topic[]>()
    this.#awaited.set(connection, awaited)
    if (awaited.size < awaitedMax) awaited.set(ack, topics)
  }

  acknowledged(connection: object, ack: string): void {
    const awaited = this.#awaited.get(connection)
    for (const topic of awaited?.get(ack) ?? []) topic.acknowledged += 1
    awaited?.delete(ack)
  }

  warn(worldId: number | undefined, warning: NewWarning): void {
    for (const coverage of this.#of(worldId)) coverage.warn(warning)
  }

  /** @param operationIds all existing ones @param worldId absent for the coverage of all worlds and applications */
  present(operationIds: readonly string[], worldId?: number) {
    const coverage = worldId === undefined ? this.#all : (this.#worlds.get(worldId) ?? new Coverage())
    return coverage.present(operationIds)
  }

  /** Removes the coverage of a deleted world. */
  remove(worldId: number): void {
    this.#worlds.delete(worldId)
  }

  #of(worldId: number | undefined): Coverage[] {
    if (worldId === undefined) return [this.#all]
    const coverage = this.#worlds.get(worldId) ?? new Coverage()
    this.#worlds.set(worldId, coverage)
    return [this.#all, coverage]
  }

  #warnOfLegacy(worldId: number, destination: string, pattern: string | undefined): void {
    if (!pattern || !isLegacy(destination)) return
    this.warn(worldId, {
      kind: 'deprecated spelling',
      message: `${pattern} was named with its version, as clients of older generations do`,
      address: pattern,
    })
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
