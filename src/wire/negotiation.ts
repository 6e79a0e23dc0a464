// Negotiates the representation of answers (contract h1).
import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'
import type { Spelling } from '#wire/casing.ts'

export interface Representation {
  contentType: string
  spelling: Spelling
}

export const vendorType = 'application/vnd.chatkitty+json'

/** In order of preference among equals. */
const responseTypes = [
  'application/json',
  vendorType,
  'application/hal+json',
  'application/vnd.hal+json',
  'application/vnd.chatkitty.v1+json',
  'text/html', // from the address bar of a browser, which is shown JSON if there is no page
]

export const defaultRepresentation: Representation = { contentType: 'application/json', spelling: 'camel' }

const known = new LRUCache<string, Representation | false>({ max: 200 })

/** Returns the representation that an Accept header prefers, or the default if blank; undefined if it allows none. */
export function representationFor(accept: string | undefined): Representation | undefined {
  if (accept === undefined || accept.trim() === '') return defaultRepresentation
  let found = known.get(accept)
  if (found === undefined) {
    found = negotiate(accept) ?? false
    known.set(accept, found)
  }
  return found || undefined
}

/** JSON has no parameters, but clients send a charset anyway. */
const parameters = /;(?!\s*q\s*=)[^;,]*/gi

/** Returns whether an Accept header prefers a page to data, as the address bar of a browser does. */
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

/** Content types of JSON bodies; the non-standard name of merge patches is the documented one. */
export const jsonTypes = [
  'application/json',
  vendorType,
  'application/vnd.chatkitty.v1+json',
  'application/hal+json',
  'application/vnd.hal+json',
  'application/json+merge-patch',
  'application/merge-patch+json',
]
