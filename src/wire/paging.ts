// Parses the paging parameters of requests, and links pages to each other (contract section e).
import { refused } from '#errors.ts'
import {
  type CursorPage,
  type CursorRequest,
  type Page,
  type PageRequest,
  pageSizeDefault,
  pageSizeMax,
  type Relation,
  type Sort,
} from '#resources/page.ts'
import { camel } from '#wire/casing.ts'

type Query = Record<string, string | string[] | undefined>

/** A page's URL without its position: the path, and the filters to keep. */
export interface PageHrefs {
  url: string
  filters: [string, string][]
  sort: string[]
}
export type CursorHrefs = Omit<PageHrefs, 'sort'>

/** No list has pages beyond this; keeps page × size a safe integer. */
const pageMax = 2 ** 31

/**
 * Parses `page`, `size` and `sort`. Numbers out of range are clamped, not refused, as official clients request `size=0`
 * and expect a hit. `sort` may be repeated or hold several criteria: `name,asc`, `createdTime,desc,name`.
 * @throws ChatError 400 if a `sort` names no property
 */
export function readPageRequest(query: Query): PageRequest {
  for (const criterion of list(query.sort)) {
    if (readSort(criterion).length === 0) {
      throw refused('page', 'sort', 'invalid', `sort ${criterion} names no property`)
    }
  }
  return readRelayPageRequest(query)
}

/** Like {@link readPageRequest}, but ignores a `sort` that names no property (runtime contract 3.2). */
export function readRelayPageRequest(query: Query): PageRequest {
  return {
    number: Math.min(wholeNumber(query.page) ?? 0, pageMax),
    size: readSize(query),
    sort: list(query.sort).flatMap(readSort),
  }
}

/** Parses `size`, `start`, `next` and `relation`. An invalid cursor cannot be clamped, so it is refused with 400. */
export function readCursorRequest(query: Query): CursorRequest {
  const start = readCursor(query, 'start')
  const next = readCursor(query, 'next')
  const relation = one(query.relation) ?? (next === undefined ? 'SELF' : 'NEXT')
  if (!isRelation(relation)) {
    throw refused('page', 'relation', 'invalid', 'relation must be SELF, PREVIOUS or NEXT')
  }
  return {
    size: readSize(query),
    relation,
    ...(start !== undefined && { start }),
    ...(next !== undefined && { next }),
  }
}

/** Returns the links of a page by number, in the documented order; a single page has only `self`. */
export function pageLinks(page: Page<unknown>, totalPages: number, { url, filters, sort }: PageHrefs) {
  const to = (number: number) =>
    link(url, [
      ...filters,
      ['page', String(number)],
      ['size', String(page.size)],
      ...sort.map((criterion): [string, string] => ['sort', criterion]),
    ])
  const links: Record<string, { href: string }> = {}
  const last = totalPages - 1
  if (last > 0) links.first = to(0)
  if (page.number > 0 && totalPages > 0) links.prev = to(Math.min(page.number - 1, last))
  links.self = to(page.number)
  if (page.number < last) links.next = to(page.number + 1)
  if (last > 0) links.last = to(last)
  return links
}

/** Returns the links of a page by cursor; `next` and `prev` only if such pages exist. */
export function cursorLinks(page: CursorPage<unknown>, { url, filters }: CursorHrefs) {
  const cursors: [string, string][] = []
  if (page.start !== undefined) cursors.push(['start', String(page.start)])
  if (page.next !== undefined) cursors.push(['next', String(page.next)])
  const to = (relation: Relation) =>
    link(url, [...filters, ...cursors, ['size', String(page.size)], ['relation', relation]])
  return {
    self: to('SELF'),
    ...(page.hasPrevious && { prev: to('PREVIOUS') }),
    ...(page.next !== undefined && { next: to('NEXT') }),
  }
}

/** Returns the values of a parameter that may be repeated or joined by commas, as by RFC 6570 `{?members}`. */
function list(value: string | string[] | undefined): string[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).filter((item) => item !== '')
}

/** Returns the value of a parameter; the first if it is repeated. */
function one(value: string | string[] | undefined): string | undefined {
  const first = Array.isArray(value) ? value[0] : value
  return first === '' ? undefined : first
}

function readSize(query: Query): number {
  const size = wholeNumber(query.size) ?? 0
  return size < 1 ? pageSizeDefault : Math.min(size, pageSizeMax)
}

function readCursor(query: Query, name: 'start' | 'next'): number | undefined {
  const text = one(query[name])
  if (text === undefined) return undefined
  const cursor = wholeNumber(text)
  if (cursor === undefined || !Number.isSafeInteger(cursor)) {
    throw refused('page', name, 'invalid', `${name} must be a cursor taken from a page's links`)
  }
  return cursor
}

function wholeNumber(value: string | string[] | undefined): number | undefined {
  const text = one(value)
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function isRelation(value: string): value is Relation {
  return value === 'SELF' || value === 'PREVIOUS' || value === 'NEXT'
}

/** `a,b,desc` sorts by a and b, descending, as in Spring's Pageable: a direction applies to properties before it. */
function readSort(criterion: string): Sort[] {
  const sorts: Sort[] = []
  let undirected = 0
  for (const part of criterion.split(',').map((text) => text.trim())) {
    if (/^(asc|desc)$/i.test(part)) {
      for (const sort of sorts.slice(undirected)) sort.descending = part.toLowerCase() === 'desc'
      undirected = sorts.length
    } else if (part !== '') {
      sorts.push({ property: camel(part), descending: false })
    }
  }
  return sorts
}

function link(url: string, parameters: [string, string][]) {
  return { href: `${url}?${new URLSearchParams(parameters)}` }
}
