// The emoji that can be reacted with (runtime contract 7.3 and 8.8).
import emojibase from 'emojibase-data/en/compact.json' with { type: 'json' }
import shortcodes from 'emojibase-data/en/shortcodes/emojibase.json' with { type: 'json' }
import { gemoji } from 'gemoji'
import type { Emoji } from '#resources/message.ts'

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
  return index.byAlias.get(alias) ?? index.byCharacter.get(plain(text))
}

/** Named as on GitHub, which clients know; what is newer, and the skin tones, are as Unicode has them. */
function buildIndex(): Index {
  const index: Index = { byAlias: new Map(), byCharacter: new Map() }
  for (const { emoji: character, description, names: aliases, tags } of gemoji) {
    add(index, { character, description, aliases, tags })
  }
  for (const { unicode: character, hexcode, label: description, tags = [], skins = [] } of emojibase) {
    if (/^\p{RI}$/u.test(character)) continue // half a flag
    if (!index.byCharacter.has(plain(character))) {
      const aliases = [(shortcodes as Record<string, string | string[]>)[hexcode] ?? []].flat()
      add(index, {
        character,
        description,
        aliases: aliases.filter((name) => !index.byAlias.has(name)),
        tags,
      })
    }
    const base = index.byCharacter.get(plain(character)) as Emoji
    for (const { unicode } of skins) index.byCharacter.set(plain(unicode), { ...base, character: unicode })
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
