// The emoji that can be reacted with (runtime contract 7.3 and 8.8).
import { gemoji } from 'gemoji'
import type { Emoji } from '#resources/message.ts'

const tone = /^[\u{1f3fb}-\u{1f3ff}]$/u
const variation = '\ufe0f'
/** No character or alias is longer. */
const lengthMax = 64

interface Index {
  byAlias: Map<string, Emoji>
  /** Without variation selectors. */
  byCharacter: Map<string, Emoji>
}

let index: Index | undefined

/**
 * The emoji that a text names: its Unicode character with or without variation selectors, an alias, or `:alias:`.
 * However it is written, an emoji has one `character`. A skin tone makes an emoji of its own, described as the one
 * without; where Unicode has no such variant there is none.
 */
export function findEmoji(text: string): Emoji | undefined {
  if (text.length > lengthMax) return undefined
  index ??= buildIndex()
  const alias = /^:(.+):$/.exec(text)?.[1] ?? text
  return index.byAlias.get(alias) ?? index.byCharacter.get(plain(text)) ?? findToned(text, index)
}

function buildIndex(): Index {
  const index: Index = { byAlias: new Map(), byCharacter: new Map() }
  for (const { emoji: character, description, names: aliases, tags } of gemoji) {
    const emoji = { character, description, aliases, tags }
    index.byCharacter.set(plain(character), emoji)
    for (const alias of aliases) index.byAlias.set(alias, emoji)
  }
  return index
}

function findToned(text: string, { byCharacter }: Index): Emoji | undefined {
  const parts = [...plain(text)]
  const base = byCharacter.get(parts.filter((part) => !tone.test(part)).join(''))
  if (!base) return undefined
  const character = withTones(base.character, parts)
  const isVariant = plain(character) === plain(text) && /^\p{RGI_Emoji}$/v.test(character)
  return isVariant ? { ...base, character } : undefined
}

/** The character with the tones that `parts` has at the same places; a tone takes the place of a variation selector. */
function withTones(character: string, parts: string[]): string {
  let at = 0
  let toned = ''
  for (const part of character) {
    if (part === variation) {
      if (!tone.test(toned.slice(-2))) toned += part
      continue
    }
    toned += part
    at++
    const next = parts[at]
    if (next && tone.test(next)) {
      toned += next
      at++
    }
  }
  return toned
}

function plain(text: string): string {
  return text.replaceAll(variation, '')
}
