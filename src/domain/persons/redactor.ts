// Removes a person from what people wrote.

import type { Texts } from '#data/persons/texts.ts'
import { isObject } from '#resources/define.ts'
import { generatedPictureUrl, splitServed } from '#resources/served.ts'
import { presenceStatuses } from '#resources/user.ts'

/** Returns a value without the person where people's text is in it, and as it was elsewhere. */
export type Redactor = (texts: Texts, value: unknown) => unknown

/** Shorter terms do not identify anybody. */
const termMin = 3

/** A mask has the length of the name, so that mentions and links keep their positions. */
const mask = '*'

/**
 * Returns the terms that identify a person: both names, and texts in the properties that look like an address or a
 * number, since everyday words may refer to anybody.
 */
export function termsOf(person: {
  name: string
  displayName: string
  properties: Record<string, unknown>
}): string[] {
  const telling = textsOf(person.properties).filter((text) => text.length >= 5 && /[@\d]/.test(text))
  const terms = [person.name, person.displayName, ...telling].map((term) => term.trim())
  return [...new Set(terms)].filter((term) => term.length >= termMin).toSorted((a, b) => b.length - a.length)
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf)
  return []
}

/**
 * Masks the terms wherever they are whole words, optionally followed by an s: user-1 does not match user-10, nor Ann
 * Hannah.
 * @param userId the id of the person, whose user objects are emptied
 */
export function redactorOf(terms: string[], userId: number): Redactor {
  const escaped = terms.map((term) => term.replace(/[\\^$.*+?()[\]{}|/]/g, (letter) => `\\${letter}`))
  const pattern =
    terms.length === 0
      ? undefined
      : new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?=s?(?![\\p{L}\\p{N}]))`, 'giu')
  const text = (given: string) =>
    pattern ? given.replace(pattern, (found) => mask.repeat(found.length)) : given
  return rewriterOf(text, userId)
}

/** Returns a redactor that replaces each text by what `text` returns for it. */
export function rewriterOf(text: (given: string) => string, userId: number): Redactor {
  const url = (given: string) => {
    const served = splitServed(given)
    if (!served) {
      const [scheme = ''] = /^\w+:\/\//.exec(given) ?? []
      return scheme + text(given.slice(scheme.length))
    }
    const name = text(served.name)
    return name === served.name ? given : served.path + encodeURIComponent(name)
  }
  const status = (given: string) => (presenceStatuses.has(given) ? given : text(given))
  const written = { text, url, status }
  const own = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(own)
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(impersonal(value, userId)).map(([key, each]) => [text(key), own(each)]),
    )
  }
  const redact: Redactor = (texts, value) => {
    if (texts === 'own') return own(value)
    if (typeof texts === 'string') return typeof value === 'string' ? written[texts](value) : value
    if (isList(texts)) return Array.isArray(value) ? value.map((each) => redact(texts[0], each)) : value
    if (!isObject(value)) return value
    const members = new Map(Object.entries(texts))
    return Object.fromEntries(
      Object.entries(impersonal(value, userId)).map(([key, each]) => {
        const member = members.get(key)
        return [key, member === undefined ? each : redact(member, each)]
      }),
    )
  }
  return redact
}

const isList = (texts: Texts): texts is readonly [Texts] => Array.isArray(texts)

/** Values that a user keeps when nothing of theirs is left, so that they remain valid when they are presented. */
const emptied: Record<string, unknown> = {
  properties: {},
  displayPictureUrl: generatedPictureUrl(mask),
  display_picture_url: generatedPictureUrl(mask),
  pictureUrl: null,
  picture_url: null,
}

/** Empties an object that represents the user, in either spelling. Channels have ids and display names, too. */
function impersonal(value: Record<string, unknown>, userId: number): Record<string, unknown> {
  if (value.id !== userId || !('isGuest' in value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, Object.hasOwn(emptied, key) ? emptied[key] : each]),
  )
}
