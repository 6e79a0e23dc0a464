// Data about emoji, about a megabyte: loaded when the first emoji is looked up, not at startup.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileOfCode, isCompiled } from '#place.ts'
import type { Emoji } from '#resources/message.ts'

export interface EmojiData {
  /** With the names of GitHub, which clients know. */
  gemoji: Emoji[]
  /** All emoji of Unicode, each with its variants by skin tone. */
  unicode: (Emoji & { variants: string[] })[]
}

/** The file in the published package, which the build writes. */
export const emojiFile = 'emoji.json'

/** The packages that contain the data. */
export const emojiPackages = ['emojibase-data', 'gemoji']

export function readEmojiData(): EmojiData {
  if (isCompiled) return JSON.parse(readFileSync(fileOfCode(emojiFile), 'utf8'))
  const require = createRequire(import.meta.url)
  const { gemoji } = require('gemoji') as typeof import('gemoji')
  const unicode = require('emojibase-data/en/compact.json') as typeof import('emojibase-data/en/compact.json')
  const shortcodes: Record<string, string | string[]> = require('emojibase-data/en/shortcodes/emojibase.json')
  return {
    gemoji: gemoji.map(({ emoji, description, names, tags }) => ({
      character: emoji,
      description,
      aliases: names,
      tags,
    })),
    unicode: unicode.map(({ unicode, hexcode, label, tags = [], skins = [] }) => ({
      character: unicode,
      description: label,
      aliases: [shortcodes[hexcode] ?? []].flat(),
      tags,
      variants: skins.map((skin) => skin.unicode),
    })),
  }
}
