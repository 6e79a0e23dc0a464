import emojibase from 'emojibase-data/en/data.json' with { type: 'json' }
import { gemoji } from 'gemoji'
import { describe, expect, it } from 'vitest'
import { findEmoji } from '#domain/messages/emoji.ts'
import { Emoji } from '#resources/message.ts'

const thumbsUp = {
  character: '👍',
  description: 'thumbs up',
  aliases: ['+1', 'thumbsup'],
  tags: ['approve', 'ok'],
}

describe('an emoji', () => {
  it.each(['👍', '👍\ufe0f', 'thumbsup', '+1', ':thumbsup:', ':+1:'])('is found as %j', (text) => {
    expect(findEmoji(text)).toEqual(thumbsUp)
  })

  it.each([
    ['a heart', '❤️', '\u2764', 'heart'],
    ['a key of digits', '1️⃣', '1\u20e3', 'one'],
    ['a flag', '🇺🇳', '🇺🇳', 'united_nations'],
    ['a sequence', '🏳️‍🌈', '\u{1f3f3}\u200d\u{1f308}', 'rainbow_flag'],
  ])('has one character, with and without variation selectors: %s', (_, character, bare, alias) => {
    expect(findEmoji(character)?.character).toBe(character)
    expect(findEmoji(bare)?.character).toBe(character)
    expect(findEmoji(alias)?.character).toBe(character)
  })

  it('is found by all its names, whichever it is', () => {
    for (const { emoji, names } of gemoji) {
      for (const text of [
        emoji,
        emoji.replaceAll('\ufe0f', ''),
        ...names,
        ...names.map((name) => `:${name}:`),
      ]) {
        const found = findEmoji(text)
        expect(found?.character, text).toBe(emoji)
        expect(Emoji.safeParse(found).success).toBe(true)
      }
    }
  })
})

describe('every emoji of Unicode', () => {
  const recommended = emojibase
    .flatMap(({ emoji, skins = [] }) => [emoji, ...skins.map((skin) => skin.emoji)])
    .filter((text) => !/^\p{RI}$/u.test(text))

  it('is found as itself, whatever skin tones it has', () => {
    expect(recommended.length).toBeGreaterThan(3_900)
    for (const text of recommended) {
      const found = findEmoji(text)
      expect(found && plain(found.character), text).toBe(plain(text))
      expect(Emoji.safeParse(found).success).toBe(true)
    }
  })

  it.each([
    ['17', '🫪', 'distorted face'],
    ['17, with a tone', '🧑🏿‍🩰', 'ballet dancer'],
    ['16', '🫩', 'face with bags under eyes'],
    ['15.1', '🐦‍🔥', 'phoenix'],
    ['a skin tone alone', '🏽', 'medium skin tone'],
  ])('is found up to the newest: %s', (_, text, description) => {
    expect(findEmoji(text)).toMatchObject({ character: text, description })
  })

  it('that has no name on GitHub is found by that of its own', () => {
    expect(findEmoji(':phoenix:')?.character).toBe('🐦‍🔥')
  })
})

const plain = (text: string) => text.replaceAll('\ufe0f', '')

describe('a skin tone', () => {
  it('makes a separate emoji, described as the one without', () => {
    expect(findEmoji('👍🏽')).toEqual({ ...thumbsUp, character: '👍🏽' })
    expect(findEmoji('👍')).toEqual(thumbsUp)
  })

  it.each([
    ['in place of a variation selector', '✌🏿', '\u270c\ufe0f\u{1f3ff}'],
    ['within a sequence', '🕵🏽‍♂️', '\u{1f575}\u{1f3fd}\u200d\u2642'],
    ['for each of two', '🧑🏻‍🤝‍🧑🏿', '🧑🏻‍🤝‍🧑🏿'],
  ])('has one character, with and without variation selectors: %s', (_, character, otherwise) => {
    expect(findEmoji(character)?.character).toBe(character)
    expect(findEmoji(otherwise)?.character).toBe(character)
  })

  it.each(['😀🏽', '👍🏽🏽', '🏽👍', '👨🏽‍👩‍👦', '❤🏽'])(
    'is refused where Unicode defines none: %s',
    (text) => {
      expect(findEmoji(text)).toBeUndefined()
    },
  )
})

it.each([
  '',
  ' ',
  ':',
  '::',
  ':thumbsup',
  'Thumbsup',
  '👍👍',
  '👍 ',
  'a👍',
  '1',
  '\ufe0f',
  'constructor',
  '__proto__',
  '👍'.repeat(10_000),
])('%j is no emoji', (text) => {
  expect(findEmoji(text)).toBeUndefined()
})
