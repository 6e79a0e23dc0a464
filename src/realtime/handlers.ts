// Types of the handlers for the relays and actions of resources. An address without a handler does not compile.
import type { z } from 'zod'
import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { Address, Hypermedia } from '#resources/address.ts'
import type { EventEcho } from '#resources/events.ts'
import type { CursorPage, CursorRequest, Page, PageRequest } from '#resources/page.ts'
import { compileReader, type Reader } from '#wire/casing.ts'

/** The input of every handler. */
interface Call<Name extends string = string> {
  ctx: Context
  caller: UserCaller
  /** The numbers in the destination, by name. */
  params: Record<Name, number>
}

/** Headers of a relay's SUBSCRIBE that filter its result (runtime contract 3.3). */
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

/** Filters by header name. Values that are empty, `undefined` or `null` are treated as absent. */
export type Filters = Partial<Record<(typeof filterNames)[number], string>>

export interface RelayCall<Name extends string = string> extends Call<Name> {
  filters: Filters
  /** Whether the client is older: its destinations begin with `/application/v1`, and it accepts null as an answer. */
  isLegacy: boolean
}

/** A relay's answer of one resource. */
export interface One {
  shape: z.ZodType
  entity: unknown
}
/** A relay's answer of a page; `contents` is the name under which clients look for the resources. */
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
 * The answer to an action: a message on one of the user's own topics that carries the action's receipt (runtime
 * contract 4.4). Its topic and type are the echo of the verb's committed event, which delivers the same message again
 * if this answer is lost.
 */
export type Echo = One & EventEcho

/** A handler of an action. It returns undefined if clients wait only for the RECEIPT. */
export interface ActionHandler<Name extends string = string, S extends z.ZodType = z.ZodType> {
  /** Schema of the body. Clients send whole resources, so unknown properties are dropped. */
  body: S
  /** Converts a body's keys to those of the schema, and drops optional properties that are null. */
  read: Reader
  handle: (call: Call<Name>, input: z.output<S>) => Promise<Echo | undefined>
}

/** A handler for each action of a resource. */
export type Actions<H extends Hypermedia<Any, Any, Any, Any, Any>> = {
  [K in keyof H['actions']]: ActionHandler<NamesOf<H['actions'][K]>, Any>
}

/** Returns an action handler whose input is typed by its body schema. */
export function action<Name extends string, S extends z.ZodType>(
  body: S,
  handle: ActionHandler<Name, S>['handle'],
): ActionHandler<Name, S> {
  return { body, read: compileReader(body, 'absent'), handle }
}
