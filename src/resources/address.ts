// Where things are addressed in real time: an address prints and matches one pattern, and a hypermedia says under
// which names a resource shows its addresses. Knows zod alone.
import type { z } from 'zod'

type Names<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never

/** What stands in the places of a pattern. */
export type Params<Name extends string = string> = Record<Name, string | number>

/**
 * `page` and `cursor` lists print the address of their first page; the others carry their place at the end (runtime
 * contract 3.2).
 */
export type Paging = 'none' | 'page' | 'cursor'

export interface Address<Name extends string = string, P extends Paging = Paging> {
  pattern: string
  paging: P
  /** Prints the address. */
  at(params: Params<Name>): string
}

/** `/application/channels/{id}.relay`; what stands in a place is a number, unless it is a name's. */
export function address<const Pattern extends string>(pattern: Pattern): Address<Names<Pattern>, 'none'> {
  return { pattern, paging: 'none', at: printer(pattern) }
}

/** The address of a list by page number. Clients fill in size and sort as text, so they stand there empty. */
export function pagedAddress<const Pattern extends string>(
  pattern: Pattern,
): Address<Names<Pattern>, 'page'> {
  return { pattern, paging: 'page', at: printer(`${pattern}.page.0.size..sort.`) }
}

/** The address of a list by cursor. */
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

// biome-ignore lint/suspicious/noExplicitAny: addresses of any names; each prints what its own pattern names.
type AnyAddress = Address<any>
type Addresses = Record<string, AnyAddress>

/**
 * What a resource shows besides its fields (runtime contract 3 to 6).
 * `E` is the entity that it reads, the shape's output and what else links need.
 */
export interface Hypermedia<
  E = unknown,
  R extends Addresses = Addresses,
  T extends Addresses = Addresses,
  A extends Addresses = Addresses,
  S extends Addresses = Addresses,
> {
  /** What it looks like without. */
  shape: z.ZodType
  /** What stands in the places of the patterns. */
  params: (entity: E) => Params
  /** Reads. */
  relays: R
  /** What can be subscribed to. */
  topics: T
  /** Writes. */
  actions: A
  /** Where files are uploaded to. */
  streams: S
  /** Those that are shown only where this holds, by their names. */
  when?: Partial<Record<keyof R | keyof A, (entity: E) => boolean>>
  /** Topics that are other topics under another name. */
  aliases?: (entity: E) => Partial<Record<keyof T, string>>
  /** Fields that the REST document lacks or shows otherwise, and null where the runtime has it in place of nothing. */
  also?: (entity: E) => Record<string, unknown>
}

// biome-ignore lint/suspicious/noExplicitAny: hypermedia of any entity; what is presented checks its own.
export type AnyHypermedia = Hypermedia<any>

/** Says what the resources of a shape show in real time, wherever they stand; see resources/hypermedia.ts. */
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
