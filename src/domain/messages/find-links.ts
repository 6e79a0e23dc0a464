// The web addresses in a text. What an address may hold is linkify-it's to say; where one may begin and end is said
// here, for texts are written in more than words between blanks: in Chinese, in Markdown, after an emoji.
import { LinkifyIt } from 'linkify-it'
import type { MessageLink } from '#resources/message.ts'

const linkify = new LinkifyIt({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false, urlAuth: true })

/** What no address holds unescaped (RFC 3986): blanks, `<>`, and what Markdown puts around code and table cells. */
const stretches = /[^\s<>`|]+/g

/** Behind a Latin letter, a digit or `+`, it would be the end of another scheme or word. */
const scheme = /(?<![\p{Script=Latin}0-9+])https?:(?=\/\/)/giu

/** What shows that the host went on, in a way that no host may. */
const goesOn = /^(?:\.+|[:@%&\\])[\p{L}\p{N}]/u

/** The http and https URLs of a text, each whole; what is none as a whole is none. Positions are UTF-16 units. */
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

/** Without the marks that end an emphasis, as GitHub's Markdown reads addresses, and what stands behind them. */
function withoutEmphasis(stretch: string): string {
  let end = stretch.length
  for (let at = end - 1; at >= 0 && closing.includes(stretch.charAt(at)); at--) {
    if (emphasis.includes(stretch.charAt(at))) end = at
  }
  return stretch.slice(0, end)
}
