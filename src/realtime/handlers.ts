// What serves the addresses that resources show. An address without its handler does not compile.
import type { z } from 'zod'
import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { Address, Hypermedia } from '#resources/address.ts'
import type { EventEcho } from '#resources/events.ts'
import type { CursorPage, CursorRequest, Page, PageRequest } from '#resources/page.ts'
import { compileReader, type Reader } from '#wire/casing.ts'

/** What a handler knows of who asks. */
interface Call<Name extends string = string> {
  ctx: Context
  caller: UserCaller
  /** The numbers in the destination. */
  params: Record<Name, number>
}

/** Headers of a relay's SUBSCRIBE that say what of it is wanted (runtime contract 3.3). */
export const filterNames = [
  'channelId',
  'displayName',
  'endCursor',
  'includeMainThread',
  'active',
  'mainThread',
  'name',
  'online',
  'standalone',
  'startCursor',
  'subscribable',
  'type',
  'unread',
  'username',
] as const

/** Absent are also those that say nothing: empty, `undefined` or `null`. */
export type Filters = Partial<Record<(typeof filterNames)[number], string>>

export interface RelayCall<Name extends string = string> extends Call<Name> {
  filters: Filters
  /** Older clients, whose destinations begin with `/application/v1`, take null for an answer. */
  isLegacy: boolean
}

/** One resource. */
export interface One {
  shape: z.ZodType
  entity: unknown
}
/** A page of resources under the name that clients look for it. */
export interface PageAnswer {
  shape: z.ZodType
  contents: string
  page: Page<unknown>
}
export interface CursorPageAnswer {
  shape: z.ZodType
  contents: string
  page: CursorPage<unknown>
}

type NamesOf<A> = A extends Address<infer Name> ? Name : never
type RelayHandler<A> =
  A extends Address<string, 'page'>
    ? (call: RelayCall<NamesOf<A>>, page: PageRequest) => Promise<PageAnswer>
    : A extends Address<string, 'cursor'>
      ? (call: RelayCall<NamesOf<A>>, cursor: CursorRequest) => Promise<CursorPageAnswer>
      : (call: RelayCall<NamesOf<A>>) => Promise<One>

// biome-ignore lint/suspicious/noExplicitAny: the hypermedia of any resource.
type Any = any

/** A handler for each relay of a resource. */
export type Relays<H extends Hypermedia<Any, Any, Any, Any, Any>> = {
  [K in keyof H['relays']]: RelayHandler<H['relays'][K]>
}

/**
 * What answers an action: the message on one of the user's own topics that carries the action's receipt (runtime
 * contract 4.4). The committed event of the verb says the same, for the case that this answer is lost: its topic and
 * type are the echo of that event.
 */
export type Echo = One & EventEcho

/** Actions that clients wait for by RECEIPT alone answer nothing. */
export interface ActionHandler<Name extends string = string, S extends z.ZodType = z.ZodType> {
  /** What the body must be. Clients send whole resources: what is not named is dropped. */
  body: S
  /** Gives a body the schema's keys; what may be left out, and is null, is. */
  read: Reader
  handle: (call: Call<Name>, input: z.output<S>) => Promise<Echo | undefined>
}

/** A handler for each action of a resource. */
export type Actions<H extends Hypermedia<Any, Any, Any, Any, Any>> = {
  [K in keyof H['actions']]: ActionHandler<NamesOf<H['actions'][K]>, Any>
}

/** An action whose handler is typed by its body. */
export function action<Name extends string, S extends z.ZodType>(
  body: S,
  handle: ActionHandler<Name, S>['handle'],
): ActionHandler<Name, S> {
  return { body, read: compileReader(body, 'absent'), handle }
}
