// Removes a person from texts and JSON.
import { generatedPictureUrl } from '#resources/served.ts'

export interface Redactor {
  /** The terms to search texts for, ignoring case. */
  terms: string[]
  text(text: string): string
  json(value: unknown): unknown
}

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
  const json = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(json)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, each]) => [text(key), json(each)] as const)
    const made: Record<string, unknown> = Object.fromEntries(entries)
    return isPerson(value as Record<string, unknown>, userId) ? emptied(made) : made
  }
  return { terms, text, json }
}

/** Returns whether an object represents the user, in either spelling. */
function isPerson(value: Record<string, unknown>, userId: number): boolean {
  return value.id === userId && ('displayName' in value || 'display_name' in value)
}

/** Replacement values for personal fields, which keep the object valid as a user when it is presented. */
const impersonal: Record<string, unknown> = {
  properties: {},
  displayPictureUrl: generatedPictureUrl(mask),
  display_picture_url: generatedPictureUrl(mask),
  pictureUrl: null,
  picture_url: null,
}

function emptied(document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [key, key in impersonal ? impersonal[key] : value]),
  )
}
