import type { FaultEffect, FaultLimits, FaultTarget } from './fault-types.ts'
import type { TestApiClient } from './http.ts'

/** A fault as the server presents it. */
export interface FaultFields extends FaultLimits {
  readonly id: number
  readonly on: FaultTarget
  readonly do: FaultEffect
  /** How often it has applied. */
  readonly hits: number
}

/** A fault in a world, active until it is removed. */
export class Fault {
  readonly id: number
  readonly on: FaultTarget
  readonly do: FaultEffect
  /** How often it applies at most; undefined if unlimited. */
  readonly times: number | undefined
  /** How often it had applied at the time of this answer; `current()` fetches the present number. */
  readonly hits: number
  readonly #client: TestApiClient
  /** The path of the world's faults. */
  readonly #path: string

  constructor(client: TestApiClient, path: string, { id, on, do: effect, times, hits }: FaultFields) {
    this.id = id
    this.on = on
    this.do = effect
    this.times = times
    this.hits = hits
    this.#client = client
    this.#path = path
  }

  /** Fetches the current state of the fault, with its hits. */
  async current(): Promise<Fault> {
    const { faults } = await this.#client.ask<{ faults: FaultFields[] }>('GET', this.#path)
    const fields = faults.find(({ id }) => id === this.id)
    if (!fields) throw new Error(`Fault ${this.id} is removed`)
    return new Fault(this.#client, this.#path, fields)
  }

  /** Removes the fault. Does nothing if it is already gone, for example by a reset. */
  async remove(): Promise<void> {
    await this.#client.remove(`${this.#path}/${this.id}`)
  }
}

/** Converts the arguments of `world.fail` to the body of a request. */
export function bodyOf(target: FaultTarget, effectAndLimits: (FaultEffect & FaultLimits) | undefined) {
  const { times, probability, seed, ...effect } = effectAndLimits ?? {} // the server says what is missing
  return { on: target, do: effect, times, probability, seed }
}
