// Resources as the real-time runtime shows them: an entity in camelCase, with what can be done about it and about
// each resource within it (runtime contract 2 and 7). Names no resource.
import type { z } from 'zod'
import type { AnyHypermedia, Params } from '#resources/address.ts'
import { hypermediaOf } from '#resources/hypermedia.ts'
import type { CursorPage, Page, PageRequest, Relation } from '#resources/page.ts'
import { compileWriter, type Writer } from '#wire/casing.ts'

/**
 * How an address of ours begins in a presented resource; {@link withBaseUrls} puts in front of it where a client reaches
 * us. A slash need not be escaped in JSON (RFC 8259, 7), and JSON.stringify never does it: no text of users can look
 * like this, whatever they write. Left as it is, it is the address without its origin.
 */
const marks = { origin: '"\\/', streams: '"\\u002f' }

/** Where a client reaches us. */
export interface BaseUrls {
  /** `https://chat.example.com` */
  origin: string
  /** In front of streams: nothing where only the client knows how it reaches us (runtime contract 6.1). */
  streams: string
}

/** @param publicUrl what the settings say, where they do */
export function baseUrlsOf(origin: string, publicUrl = ''): BaseUrls {
  return { origin, streams: publicUrl }
}

type Annotate = (entity: unknown, document: Record<string, unknown>) => Record<string, unknown>
interface Presenter {
  write: Writer
  annotate: Annotate[]
}
const presenters = new WeakMap<z.ZodType, Presenter>()

/** The JSON text of a resource, the same for everybody who sees it in this way. */
export function presentResource(shape: z.ZodType, entity: unknown): string {
  return JSON.stringify(toDocument(shape, entity))
}

/** Completes the addresses in a presented resource. */
export function withBaseUrls(text: string, { origin, streams }: BaseUrls): string {
  return text
    .replaceAll(marks.origin, () => beginning(origin))
    .replaceAll(marks.streams, () => beginning(streams))
}

/** Of a JSON string that goes on with a path. */
function beginning(baseUrl: string): string {
  return `${JSON.stringify(baseUrl).slice(0, -1)}/`
}

// TypeScript's library has no type of it yet (ECMAScript 2026).
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object }

/** A path of ours that begins with a mark. */
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
  /** Without its place in a list. */
  base: string
  /** The base without its version. */
  plain: string
  /** The place, in the words of a query (runtime contract 3.2). */
  query: Record<string, string>
  /** Whether it names the version, as older clients do. */
  isLegacy: boolean
}

const versioned = '/application/v1/'

/** Takes a destination apart. */
export function readDestination(destination: string): Destination {
  const { base, query } = splitPlace(destination)
  const isLegacy = base.startsWith(versioned)
  return { base, plain: isLegacy ? `/application/${base.slice(versioned.length)}` : base, query, isLegacy }
}

/** Where the errors of a client's frames go; both spellings (runtime contract 0). */
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

/** The JSON text of a page by number. `base` is the destination without its place. */
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
      totalElement: page.total, // as the clients' types have it
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

/** The JSON text of a page by cursor; cursors are numbers here (runtime contract 3.2). */
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
