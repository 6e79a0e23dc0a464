// Finds the web addresses in a text. linkify-it decides what an address may contain. This file decides where one may
// begin and end, because texts are more than words between spaces: Chinese, Markdown, emoji.
import { LinkifyIt } from 'linkify-it'
import type { MessageLink } from '#resources/message.ts'

const linkify = new LinkifyIt({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false, urlAuth: true })

/** Stretches without blanks, `<>` and Markdown's code and table marks, which addresses must escape (RFC 3986). */
const stretches = /[^\s<>`|]+/g

/** After a Latin letter, a digit or `+`, it would be the end of another scheme or word. */
const scheme = /(?<![\p{Script=Latin}0-9+])https?:(?=\/\/)/giu

/** Matches text which shows that the host continues, in a way that no host may. */
const goesOn = /^(?:\.+|[:@%&\\])[\p{L}\p{N}]/u

/** Returns the http and https URLs that are valid as a whole, with their positions in UTF-16 units. */
export function findLinks(body: string): MessageLink[] {
  if (!body.includes('://')) return []
  return [...body.matchAll(stretches)].flatMap(({ 0: stretch, index }) =>
    stretch.includes('://') ? findWithin(withoutEmphasis(stretch), index) : [],
  )
}

function findWithin(stretch: string, offset: number): MessageLink[] {
  const links: MessageLink[] = []
  let end = 0
  for (const { 0: found, index } of stretch.matchAll(scheme)) {
    if (index < end) continue
    const afterScheme = index + found.length
    const length = linkify.testSchemaAt(stretch, found, afterScheme)
    const source = stretch.slice(index, afterScheme + length)
    const isWhole = /\/\/.*[/?#]/.test(source) || !goesOn.test(stretch.slice(afterScheme + length))
    if (length === 0 || !isWhole) continue
    end = index + source.length
    links.push({ source, startPosition: offset + index, endPosition: offset + end })
  }
  return links
}

const emphasis = '*_~'
const closing = `${emphasis}.,:;!?)]}'"`

/** Removes trailing emphasis marks and everything after them, as GitHub's Markdown does with addresses. */
function withoutEmphasis(stretch: string): string {
  let end = stretch.length
  for (let at = end - 1; at >= 0 && closing.includes(stretch.charAt(at)); at--) {
    if (emphasis.includes(stretch.charAt(at))) end = at
  }
  return stretch.slice(0, end)
}
