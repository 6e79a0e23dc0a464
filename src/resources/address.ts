// Real-time addresses: each prints and matches one pattern, and a hypermedia lists the addresses of a resource by name.
// Depends only on zod.
import type { z } from 'zod'

type Names<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never

/** Values for the placeholders of a pattern. */
export type Params<Name extends string = string> = Record<Name, string | number>

/**
 * How a list is paged. `page` and `cursor` lists print the address of their first page; addresses of other pages end
 * with their position (runtime contract 3.2).
 */
export type Paging = 'none' | 'page' | 'cursor'

export interface Address<Name extends string = string, P extends Paging = Paging> {
  pattern: string
  paging: P
  /** Prints the address. */
  at(params: Params<Name>): string
}

/** Returns an address like `/application/channels/{id}.relay`. Placeholders stand for numbers, except for names. */
export function address<const Pattern extends string>(pattern: Pattern): Address<Names<Pattern>, 'none'> {
  return { pattern, paging: 'none', at: printer(pattern) }
}

/** Returns the address of a list by page number. Clients fill in size and sort as text, so these are printed empty. */
export function pagedAddress<const Pattern extends string>(
  pattern: Pattern,
): Address<Names<Pattern>, 'page'> {
  return { pattern, paging: 'page', at: printer(`${pattern}.page.0.size..sort.`) }
}

/** Returns the address of a list by cursor. */
export function cursorAddress<const Pattern extends string>(
  pattern: Pattern,
): Address<Names<Pattern>, 'cursor'> {
  return { pattern, paging: 'cursor', at: printer(pattern) }
}

function printer(pattern: string): (params: Params) => string {
  const [head = '', ...rest] = pattern.split('{')
  const parts = rest.map((part) => part.split('}') as [name: string, text: string])
  return (params) => {
    let text = head
    for (const [name, after] of parts) text += params[name] + after
    return text
  }
}

// biome-ignore lint/suspicious/noExplicitAny: addresses with any placeholders; each checks those of its own pattern.
type AnyAddress = Address<any>
type Addresses = Record<string, AnyAddress>

/**
 * What a resource shows besides its fields (runtime contract 3 to 6).
 * `E` is the entity it is presented from: the shape's output and anything else that links need.
 */
export interface Hypermedia<
  E = unknown,
  R extends Addresses = Addresses,
  T extends Addresses = Addresses,
  A extends Addresses = Addresses,
  S extends Addresses = Addresses,
> {
  /** The schema of the resource without hypermedia. */
  shape: z.ZodType
  /** Returns the values of the patterns' placeholders. */
  params: (entity: E) => Params
  /** Addresses to read. */
  relays: R
  /** Addresses to subscribe to. */
  topics: T
  /** Addresses to write. */
  actions: A
  /** Addresses to upload files to. */
  streams: S
  /** Conditions, by name, for addresses that are not always shown. */
  when?: Partial<Record<keyof R | keyof A, (entity: E) => boolean>>
  /** Topics that are another topic under a different name. */
  aliases?: (entity: E) => Partial<Record<keyof T, string>>
  /** Fields that the REST document lacks or shows differently; null for a field that the runtime shows as null. */
  also?: (entity: E) => Record<string, unknown>
}

// biome-ignore lint/suspicious/noExplicitAny: hypermedia of any entity; each `defineHypermedia` checks its own.
export type AnyHypermedia = Hypermedia<any>

/** Defines what resources of a shape show in real time wherever they appear; see resources/hypermedia.ts. */
export function defineHypermedia<E>() {
  return <
    R extends Addresses = Record<never, never>,
    T extends Addresses = Record<never, never>,
    A extends Addresses = Record<never, never>,
    S extends Addresses = Record<never, never>,
  >(
    shape: z.ZodType,
    parts: Pick<Hypermedia<E, R, T, A, S>, 'params' | 'when' | 'aliases' | 'also'> & {
      relays?: R
      topics?: T
      actions?: A
      streams?: S
    },
  ) => ({ shape, relays: {}, topics: {}, actions: {}, streams: {}, ...parts }) as Hypermedia<E, R, T, A, S>
}
