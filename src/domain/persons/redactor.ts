// Takes a person out of texts and JSON.
import { generatedPictureUrl } from '#resources/served.ts'

export interface Redactor {
  /** What texts are looked for with, whatever their case. */
  terms: string[]
  text(text: string): string
  json(value: unknown): unknown
}

/** Shorter ones name nobody in particular. */
const termMin = 3

/** What hides a name is as long as the name is, so that mentions and links stay where they are. */
const mask = '*'

/**
 * What a person is found by: both names, and those of the properties' texts that look like an address or a number, for
 * an everyday word in a property may be anybody's.
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
 * Hides the terms wherever they stand as words of their own, with an s behind them or without: user-1 is not user-10, and
 * Ann not Hannah.
 * @param userId of the person, whose documents are emptied
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

/** A user as documents show it, in either spelling. */
function isPerson(value: Record<string, unknown>, userId: number): boolean {
  return value.id === userId && ('displayName' in value || 'display_name' in value)
}

/** What is kept in their place: a document is still one of a user, which is shown as such when it is told. */
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
