// The emoji that can be used in reactions (runtime contract 7.3 and 8.8).
import { readEmojiData } from '#data/messages/emoji-data.ts'
import type { Emoji } from '#resources/message.ts'

const variation = '\ufe0f'
/** No character or alias is longer than this. */
const lengthMax = 64

interface Index {
  byAlias: Map<string, Emoji>
  /** Keys have no variation selectors. */
  byCharacter: Map<string, Emoji>
}

let index: Index | undefined

/**
 * Returns the emoji that a text names: its Unicode character with or without variation selectors, an alias, or
 * `:alias:`. All spellings of an emoji return the same `character`. An emoji with a skin tone is an emoji of its own,
 * with the description of the one without; it is only found if Unicode has this variant.
 */
export function findEmoji(text: string): Emoji | undefined {
  if (text.length > lengthMax) return undefined
  index ??= buildIndex()
  const alias = /^:(.+):$/.exec(text)?.[1] ?? text
  return index.byAlias.get(alias) ?? index.byCharacter.get(plain(text))
}

/** Uses the names of GitHub, which clients know; newer emoji and skin tones come from Unicode. */
function buildIndex(): Index {
  const index: Index = { byAlias: new Map(), byCharacter: new Map() }
  const { gemoji, unicode } = readEmojiData()
  for (const emoji of gemoji) add(index, emoji)
  for (const { variants, ...emoji } of unicode) {
    if (/^\p{RI}$/u.test(emoji.character)) continue // half of a flag
    if (!index.byCharacter.has(plain(emoji.character))) {
      add(index, { ...emoji, aliases: emoji.aliases.filter((name) => !index.byAlias.has(name)) })
    }
    const base = index.byCharacter.get(plain(emoji.character)) as Emoji
    for (const character of variants) index.byCharacter.set(plain(character), { ...base, character })
  }
  return index
}

function add({ byAlias, byCharacter }: Index, emoji: Emoji): void {
  byCharacter.set(plain(emoji.character), emoji)
  for (const alias of emoji.aliases) byAlias.set(alias, emoji)
}

function plain(text: string): string {
  return text.replaceAll(variation, '')
}
