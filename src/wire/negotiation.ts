// Which representation a request wants (contract h1).
import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'
import type { Spelling } from '#wire/casing.ts'

export interface Representation {
  contentType: string
  spelling: Spelling
}

export const vendorType = 'application/vnd.chatkitty+json'

/** In the order of preference among equals. */
const responseTypes = [
  'application/json',
  vendorType,
  'application/hal+json',
  'application/vnd.hal+json',
  'application/vnd.chatkitty.v1+json',
  'text/html', // a browser's address line: where there is no page, it is shown the JSON
]

export const defaultRepresentation: Representation = { contentType: 'application/json', spelling: 'camel' }

const known = new LRUCache<string, Representation | false>({ max: 200 })

/** The representation that an Accept header prefers, a blank one having no preference; undefined where it takes none of ours. */
export function representationFor(accept: string | undefined): Representation | undefined {
  if (accept === undefined || accept.trim() === '') return defaultRepresentation
  let found = known.get(accept)
  if (found === undefined) {
    found = negotiate(accept) ?? false
    known.set(accept, found)
  }
  return found || undefined
}

/** JSON has no parameters; clients name a charset all the same. */
const parameters = /;\s*(?!q=)[^;,]*/gi

/** Whether an Accept header asks for a page to look at rather than for data, as a browser's address line does. */
export function prefersPage(accept: string | undefined): boolean {
  return accept !== undefined && preferredOf(accept) === 'text/html'
}

function preferredOf(accept: string): string | undefined {
  return new Negotiator({ headers: { accept: accept.replace(parameters, '') } }).mediaType(responseTypes)
}

function negotiate(accept: string): Representation | undefined {
  const type = preferredOf(accept)
  if (type === undefined) return undefined
  return {
    contentType: type === 'text/html' ? 'application/json' : type,
    spelling: type === vendorType ? 'snake' : 'camel',
  }
}

/** Content types whose body is JSON; the non-standard name of merge patches is the documented one. */
export const jsonTypes = [
  'application/json',
  vendorType,
  'application/vnd.chatkitty.v1+json',
  'application/hal+json',
  'application/vnd.hal+json',
  'application/json+merge-patch',
  'application/merge-patch+json',
]
