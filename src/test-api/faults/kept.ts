// The faults of each world (testing contract 4).
import { setTimeout as sleep } from 'node:timers/promises'
import { refused } from '#errors.ts'
import { type Chance, openChance } from '#test-api/faults/chance.ts'
import type {
  Delay,
  FunctionEffect,
  FunctionTarget,
  NewFault,
  RestEffect,
  RestTarget,
  SocketEffect,
  SocketTarget,
  WebhookEffect,
  WebhookTarget,
} from '#test-api/faults/fault.ts'
import { compileGlob } from '#test-api/faults/glob.ts'

/** Maximum number per world: each request checks all faults up to the one that applies. */
const faultsMax = 1_000

/** What a fault may apply to, by kind. */
export interface FaultOccasions {
  request: { operation: string | undefined; method: string; path: string }
  frame: {
    frame: SocketTarget['frame']
    destination?: string | undefined
    type?: string | undefined
    username: string
  }
  function: { function: string }
  webhook: { webhook: number; type: string }
}

interface Effects {
  request: RestEffect
  frame: SocketEffect
  function: FunctionEffect
  webhook: WebhookEffect
}

/** A fault that applies to the current occasion. */
export interface AppliedFault<E> {
  id: number
  effect: E
  /** Aborts when the fault is removed, alone or with its world, so that nothing hangs on it any longer. */
  gone: AbortSignal
  /** Waits for the delay of the fault, unless the signal aborts. */
  delay(signal?: AbortSignal): Promise<void>
}

interface Kept {
  id: number
  fault: NewFault
  matches(occasion: FaultOccasions[NewFault['kind']]): boolean
  chance: Chance
  hits: number
  removal: AbortController
}

interface World {
  /** Newest first. */
  faults: Kept[]
  lastId: number
}

export class Faults {
  readonly #worlds = new Map<number, World>()

  /** @throws ChatError 400 if the world already has the maximum number of faults */
  add(worldId: number, fault: NewFault) {
    const world = this.#worlds.get(worldId) ?? { faults: [], lastId: 0 }
    if (world.faults.length >= faultsMax) {
      throw refused('fault', 'on', 'invalid', `A world has ${faultsMax} faults at most: remove some`)
    }
    this.#worlds.set(worldId, world)
    world.lastId += 1
    const kept: Kept = {
      id: world.lastId,
      fault,
      matches: matcherOf(fault),
      chance: openChance(fault.seed),
      hits: 0,
      removal: new AbortController(),
    }
    world.faults.unshift(kept)
    return present(kept)
  }

  /** Lists the faults of a world, including used-up ones, oldest first. */
  list(worldId: number) {
    return (this.#worlds.get(worldId)?.faults ?? []).map(present).toReversed()
  }

  /** Removes a fault. @returns whether it existed */
  remove(worldId: number, id: number): boolean {
    const faults = this.#worlds.get(worldId)?.faults ?? []
    const at = faults.findIndex((fault) => fault.id === id)
    for (const { removal } of at < 0 ? [] : faults.splice(at, 1)) removal.abort()
    return at >= 0
  }

  removeAll(worldId: number): void {
    for (const { removal } of this.#worlds.get(worldId)?.faults.splice(0) ?? []) removal.abort()
  }

  /** Removes all faults of a world, and starts again with id 1. */
  forget(worldId: number): void {
    this.removeAll(worldId)
    this.#worlds.delete(worldId)
  }

  /** Returns the newest fault that applies and counts a hit; one not chosen by its probability is passed over. */
  strike<K extends keyof FaultOccasions>(
    worldId: number,
    kind: K,
    occasion: FaultOccasions[K],
  ): AppliedFault<Effects[K]> | undefined {
    for (const kept of this.#worlds.get(worldId)?.faults ?? []) {
      const { fault, hits, chance } = kept
      if (fault.kind !== kind || hits >= (fault.times ?? Number.POSITIVE_INFINITY)) continue
      if (!kept.matches(occasion)) continue
      if (fault.probability !== undefined && chance() >= fault.probability) continue
      kept.hits += 1
      const { delayMs } = fault.do
      const gone = kept.removal.signal
      const effect = fault.do as Effects[K]
      return { id: kept.id, effect, gone, delay: (signal) => wait(delayMs, chance, [gone, signal]) }
    }
    return undefined
  }
}

async function wait(
  delayMs: Delay | undefined,
  chance: Chance,
  signals: (AbortSignal | undefined)[],
): Promise<void> {
  if (delayMs === undefined) return
  const [least, most] = typeof delayMs === 'number' ? [delayMs, delayMs] : delayMs
  const signal = AbortSignal.any(signals.filter((each) => each !== undefined))
  await sleep(least + chance() * (most - least), undefined, { signal, ref: false }).catch(() => undefined)
}

function present({ id, fault: { kind: _, ...fault }, hits }: Kept) {
  return { id, ...fault, hits }
}

function matcherOf(fault: NewFault): Kept['matches'] {
  const matcher =
    fault.kind === 'request'
      ? ofRequests(fault.on)
      : fault.kind === 'frame'
        ? ofFrames(fault.on)
        : fault.kind === 'function'
          ? ofRuns(fault.on)
          : ofDeliveries(fault.on)
  return matcher as Kept['matches']
}

function ofRequests({
  operation,
  method,
  path,
}: RestTarget): (request: FaultOccasions['request']) => boolean {
  const fits = path === undefined ? () => true : compileGlob(path)
  return (request) =>
    (operation ?? request.operation) === request.operation &&
    (method ?? request.method) === request.method &&
    fits(request.path)
}

function ofFrames({
  frame,
  destination,
  type,
  username,
}: SocketTarget): (each: FaultOccasions['frame']) => boolean {
  const fits = destination === undefined ? () => true : compileGlob(destination)
  return (each) =>
    each.frame === frame &&
    (type ?? each.type) === each.type &&
    (username ?? each.username) === each.username &&
    fits(each.destination ?? '')
}

function ofRuns(target: FunctionTarget): (run: FaultOccasions['function']) => boolean {
  return (run) => run.function === target.function
}

function ofDeliveries({ webhook, type }: WebhookTarget): (each: FaultOccasions['webhook']) => boolean {
  return (each) => webhook === each.webhook && (type ?? each.type) === each.type
}
