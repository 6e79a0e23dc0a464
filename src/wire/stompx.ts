// Presents resources for the real-time runtime: an entity in camelCase, with the addresses of each resource inside it
// (runtime contract 2 and 7). Refers to no particular resource.
import type { z } from 'zod'
import type { AnyHypermedia, Params } from '#resources/address.ts'
import { hypermediaOf } from '#resources/hypermedia.ts'
import type { CursorPage, Page, PageRequest, Relation } from '#resources/page.ts'
import { compileWriter, type Writer } from '#wire/casing.ts'

/**
 * How a URL of this server starts in a presented resource; {@link withBaseUrls} replaces the mark with the base URL for
 * each client. In JSON a slash need not be escaped (RFC 8259, 7) and JSON.stringify never does so, so users' text can
 * never look like a mark. A mark that is not replaced reads as the path without an origin.
 */
const marks = { origin: '"\\/', streams: '"\\u002f' }

/** The base URLs under which a client reaches this server. */
export interface BaseUrls {
  /** The origin of the server, such as `https://chat.example.com`. */
  origin: string
  /** Prefix of stream addresses; empty if only the client knows how it reaches the server (runtime contract 6.1). */
  streams: string
}

/** @param publicUrl the configured URL, if any */
export function baseUrlsOf(origin: string, publicUrl = ''): BaseUrls {
  return { origin, streams: publicUrl }
}

type Annotate = (entity: unknown, document: Record<string, unknown>) => Record<string, unknown>
interface Presenter {
  write: Writer
  annotate: Annotate[]
}
const presenters = new WeakMap<z.ZodType, Presenter>()

/** Returns the JSON text of a resource, which is the same for every viewer of this shape. */
export function presentResource(shape: z.ZodType, entity: unknown): string {
  return JSON.stringify(toDocument(shape, entity))
}

/** Completes the URLs in a presented resource. */
export function withBaseUrls(text: string, { origin, streams }: BaseUrls): string {
  return text
    .replaceAll(marks.origin, () => beginning(origin))
    .replaceAll(marks.streams, () => beginning(streams))
}

/** Returns the start of a JSON string that continues with a path. */
function beginning(baseUrl: string): string {
  return `${JSON.stringify(baseUrl).slice(0, -1)}/`
}

// TypeScript's library does not declare it yet (ECMAScript 2026).
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object }

/** Returns the JSON string of a path of this server, starting with a mark. */
function marked(mark: string, path: string): object {
  return rawJSON(mark + JSON.stringify(path).slice('"/'.length))
}

function toDocument(shape: z.ZodType, entity: unknown): Record<string, unknown> {
  const { write, annotate } = presenterOf(shape)
  return write(
    entity,
    (url) => (url.startsWith('/') ? marked(marks.origin, url) : url),
    (at, each, document) => (annotate[at] as Annotate)(each, document),
  )
}

function presenterOf(shape: z.ZodType): Presenter {
  const known = presenters.get(shape)
  if (known) return known
  const write = compileWriter(shape, 'camel', (each) => hypermediaOf(each) !== undefined)
  const annotate = write.within.map((each) => compileHypermedia(hypermediaOf(each) as AnyHypermedia))
  const presenter = { write, annotate }
  presenters.set(shape, presenter)
  return presenter
}

function compileHypermedia(hypermedia: AnyHypermedia): Annotate {
  const { params, relays, topics, actions, streams, when = {}, aliases, also } = hypermedia
  const printers = (addresses: typeof relays) =>
    Object.entries(addresses).map(([name, address]) => ({ name, at: address.at, applies: when[name] }))
  const groups = Object.entries({
    _relays: printers(relays),
    _topics: printers(topics),
    _actions: printers(actions),
    _streams: printers(streams),
  }).filter(([, addresses]) => addresses.length > 0)
  return (entity, document) => {
    if (also) Object.assign(document, also(entity))
    const places = params(entity) as Params
    for (const [group, addresses] of groups) {
      const shown: Record<string, string | object> = {}
      for (const { name, at, applies } of addresses) {
        if (applies !== undefined && !applies(entity)) continue
        shown[name] = group === '_streams' ? marked(marks.streams, at(places)) : at(places)
      }
      document[group] = group === '_topics' && aliases ? { ...shown, ...aliases(entity) } : shown
    }
    return document
  }
}

// --------------------------------------------------------------------------------------------- pages

const pageTail = /\.page\.(\d{0,9})\.size\.(\d{0,9})\.sort\.(.*)$/
const cursorTail = /\.start\.(\d{0,16})\.next\.(\d{0,16})\.size\.(\d{1,9})\.relation\.(SELF|PREVIOUS|NEXT)$/

export interface Destination {
  /** The destination without its position in a list. */
  base: string
  /** The base without its version. */
  plain: string
  /** The position, as query parameters (runtime contract 3.2). */
  query: Record<string, string>
  /** Whether it contains the version, as with older clients. */
  isLegacy: boolean
}

const versioned = '/application/v1/'

/** Splits a destination into its parts. */
export function readDestination(destination: string): Destination {
  const { base, query } = splitPlace(destination)
  const isLegacy = base.startsWith(versioned)
  return { base, plain: isLegacy ? `/application/${base.slice(versioned.length)}` : base, query, isLegacy }
}

/**
 * Returns whether a destination is the queue for errors of a client's frames, in either spelling (runtime contract 0).
 */
export function isErrorsQueue(destination: string): boolean {
  return destination === '/user/queue/errors' || destination === '/user/queue/v1/errors'
}

function splitPlace(destination: string): Pick<Destination, 'base' | 'query'> {
  const page = pageTail.exec(destination)
  if (page) {
    const [tail, number = '', size = '', sort = ''] = page
    return { base: destination.slice(0, -tail.length), query: { page: number, size, sort } }
  }
  const cursor = cursorTail.exec(destination)
  if (cursor) {
    const [tail, start = '', next = '', size = '', relation = ''] = cursor
    return { base: destination.slice(0, -tail.length), query: { start, next, size, relation } }
  }
  return { base: destination, query: {} }
}

/** Returns the JSON text of a page by number. `base` is the destination without its position. */
export function presentRelayPage(
  shape: z.ZodType,
  contents: string,
  page: Page<unknown>,
  { sort }: PageRequest,
  base: string,
): string {
  const totalPages = Math.ceil(page.total / page.size)
  const order = sort.map(({ property, descending }) => `${property},${descending ? 'desc' : 'asc'}`).join(',')
  const to = (number: number) => `${base}.page.${number}.size.${page.size}.sort.${order}`
  const last = Math.max(0, totalPages - 1)
  return JSON.stringify({
    _embedded: { [contents]: page.items.map((item) => toDocument(shape, item)) },
    page: {
      size: page.size,
      number: page.number,
      totalElements: page.total,
      totalElement: page.total, // the name in the clients' types
      totalPages,
    },
    _relays: {
      self: to(page.number),
      first: to(0),
      last: to(last),
      ...(page.number > 0 && { prev: to(Math.min(page.number - 1, last)) }),
      ...(page.number < last && { next: to(page.number + 1) }),
    },
  })
}

/** Returns the JSON text of a page by cursor; cursors are numbers here (runtime contract 3.2). */
export function presentRelayCursorPage(
  shape: z.ZodType,
  contents: string,
  page: CursorPage<unknown>,
  base: string,
): string {
  const to = (relation: Relation) =>
    `${base}.start.${page.start ?? ''}.next.${page.next ?? ''}.size.${page.size}.relation.${relation}`
  return JSON.stringify({
    _embedded: { [contents]: page.items.map((item) => toDocument(shape, item)) },
    page: { size: page.size, start: page.start, next: page.next },
    _relays: {
      self: to('SELF'),
      ...(page.hasPrevious && { prev: to('PREVIOUS') }),
      ...(page.next !== undefined && { next: to('NEXT') }),
    },
  })
}
