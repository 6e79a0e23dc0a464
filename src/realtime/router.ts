// Maps destinations to their handlers.
import type { ActionHandler, RelayCall } from '#realtime/handlers.ts'
import type { Address, AnyHypermedia, Paging } from '#resources/address.ts'
import { readDestination } from '#wire/stompx.ts'

// biome-ignore lint/suspicious/noExplicitAny: handlers of all relays, each typed where it is defined.
type AnyRelay = (call: RelayCall<any>, place: any) => Promise<any>

export interface Relay {
  paging: Paging
  handle: AnyRelay
}

interface Entry<T> {
  names: string[]
  target: T
}

export interface Match<T> {
  target: T
  params: Record<string, number>
  /** The destination without its paging part. */
  base: string
  /** The paging part as query parameters. */
  query: Record<string, string>
  /** Whether an older client built the destination itself; it contains the version. */
  isLegacy: boolean
}

const numberMax = 15

export class Router {
  readonly #relays = new Map<string, Entry<Relay>>()
  readonly #actions = new Map<string, Entry<ActionHandler>>()

  /** Adds the relays and actions of a resource's hypermedia. */
  add(hypermedia: AnyHypermedia, relays: Record<string, AnyRelay>, actions: Record<string, ActionHandler>) {
    for (const [name, address] of Object.entries(hypermedia.relays)) {
      const handle = relays[name]
      if (handle) set(this.#relays, address, { paging: address.paging, handle })
    }
    for (const [name, address] of Object.entries(hypermedia.actions)) {
      const handler = actions[name]
      if (handler) set(this.#actions, address, handler)
    }
  }

  /** Also serves a relay at another address. */
  alias(other: Address<string>, address: Address<string>): void {
    const known = this.#relays.get(address.pattern)
    if (known) this.#relays.set(other.pattern, known)
  }

  relay(destination: string): Match<Relay> | undefined {
    return find(this.#relays, destination)
  }

  action(destination: string): Match<ActionHandler> | undefined {
    return find(this.#actions, destination)
  }
}

function set<T>(entries: Map<string, Entry<T>>, { pattern }: Address<string>, target: T): void {
  const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  entries.set(pattern.replaceAll(/\{\w+\}/g, '#'), { names, target })
}

function find<T>(entries: Map<string, Entry<T>>, destination: string): Match<T> | undefined {
  const { base, plain, query, isLegacy } = readDestination(destination)
  const numbers: number[] = []
  const key = plain.replaceAll(/\d+/g, (digits) => {
    numbers.push(digits.length > numberMax ? 0 : Number(digits)) // no id has that many digits
    return '#'
  })
  const entry = entries.get(key)
  if (!entry) return undefined
  const params = Object.fromEntries(entry.names.map((name, at) => [name, numbers[at] ?? 0]))
  return { target: entry.target, params, base, query, isLegacy }
}
