// Links and mentions found in a text are at the reported positions.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findLinks } from '#domain/messages/find-links.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

const usernames = ['jane', 'Jane Doe', 'jane@example.com', '@jane', 'josé', '🦊 fox', '__proto__', 'a_b', '0']
const channelNames = ['general', 'Größe', '#general', 'constructor', '🦊']

let server: TestServer
let room: { id: number }
beforeAll(async () => {
  server = await shareServer()
  for (const name of usernames) await createUser(server.main, { name })
  for (const name of channelNames) await createChannel(server.main, { name })
  room = await createChannel(server.main, { name: 'room' })
})
afterAll(() => server.close())

const prose = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    ' ',
    '\n',
    '<',
    '>',
    '<@',
    '<#',
    '<@>',
    '🦊',
    'http://',
    '://',
    '(',
    ')',
    '.',
    'a@b.example',
  ),
)
const urls = fc.webUrl({ withQueryParameters: true, withFragments: true })

describe('links', () => {
  it('are exactly the parts of the body at their positions, in order and without overlap', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(prose, urls)), (parts) => {
        const body = parts.join('')
        let end = 0
        for (const link of findLinks(body)) {
          expect(body.slice(link.startPosition, link.endPosition)).toBe(link.source)
          expect(link.source).toMatch(/^https?:\/\/./i)
          expect(link.startPosition).toBeGreaterThanOrEqual(end)
          end = link.endPosition
        }
      }),
    )
  })

  it('are all found between spaces', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('see', '🦊', 'größe'), fc.domain())), (parts) => {
        const expected = parts.map(([, domain]) => `https://${domain}/path`)
        const body = parts.map(([word], at) => `${word} ${expected[at]} `).join('')
        expect(findLinks(body).map(({ source }) => source)).toEqual(expected)
      }),
    )
  })

  it.each([
    ['a bare domain', 'example.com'],
    ['an e-mail address', 'jane@example.com mailto:jane@example.com'],
    ['another protocol', 'ftp://example.com/a javascript://example.com/%0aalert(1) //example.com'],
  ])('are not made from %s', (_what, body) => {
    expect(findLinks(body)).toEqual([])
  })

  it.each([
    ['a full stop', 'See https://example.com/a.', 'https://example.com/a'],
    ['brackets', '(https://example.com/a)', 'https://example.com/a'],
    ['a quotation', '"https://example.com/a?b=1&c=2"', 'https://example.com/a?b=1&c=2'],
  ])('end before %s', (_what, body, source) => {
    expect(findLinks(body).map((link) => link.source)).toEqual([source])
  })
})

describe('a link', () => {
  it.each([
    ['a Chinese letter', '看https://a.example/b', 'https://a.example/b'],
    ['a Japanese letter', 'リンクはhttp://a.example', 'http://a.example'],
    ['an emoji', '🦊https://a.example/b', 'https://a.example/b'],
    ['an equals sign', 'url=https://a.example/b', 'https://a.example/b'],
    ['a backtick', 'run `https://a.example/b` now', 'https://a.example/b'],
    ['a bar', '|https://a.example/b|', 'https://a.example/b'],
    ['an underscore', '_https://a.example_', 'https://a.example'],
    ['stars', '**http://a.example/b**', 'http://a.example/b'],
    ['stars that opened earlier', '(**see http://a.example/b**).', 'http://a.example/b'],
    ['tildes', '~~http://a.example/~jane~~', 'http://a.example/~jane'],
  ])('is found between %s and what ends it, at its place in UTF-16', (_what, body, source) => {
    const startPosition = body.indexOf(source)
    expect(findLinks(body)).toEqual([{ source, startPosition, endPosition: startPosition + source.length }])
  })

  it.each([
    ['names a user', 'https://jane:pw@a.example/x'],
    ['names a user without a path', 'https://jane@a.example'],
    ['has a port', 'http://a.example:8080/x?y=1#z'],
    ['holds marks of emphasis', 'http://a.example/a_b*c~d/e'],
    ['holds brackets', 'https://a.example/wiki/Foo_(bar)'],
    ['is written in capitals', 'HTTPS://A.EXAMPLE/B'],
  ])('is complete where the address %s', (_what, source) => {
    expect(findLinks(`see ${source}, please`).map((link) => link.source)).toEqual([source])
  })

  it.each([
    ['two dots in a host', 'http://a..example'],
    ['two dots in a host before a path', 'http://a..example/b'],
    ['an invalid port', 'http://a.example:port/b'],
    ['a user that is too long', `https://jane:${'p'.repeat(80)}@a.example/x`],
    ['two at signs', 'https://jane@b@a.example/x'],
    ['an escape in a host', 'http://a%20b.example/x'],
    ['another scheme', 'svn+http://a.example/b shttp://a.example/b'],
  ])('is absent rather than half of %s', (_what, body) => {
    expect(findLinks(body)).toEqual([])
  })

  it('is searched for in linear time', () => {
    for (const part of ['http://', 'http://a*', '*', 'http://a..b', 'http://a@']) {
      expect(findLinks(`http://a.example/ ${part.repeat(20_000)}`).length).toBeGreaterThan(0)
    }
  })
})

describe('mentions', () => {
  const known = [...usernames.map((name) => ['@', name]), ...channelNames.map((name) => ['#', name])] as const
  const parts = fc.oneof(
    prose.map((text) => ({ text, mentions: undefined })),
    fc.constantFrom(...known).map(([sign, name]) => ({ text: `<${sign}${name}>`, mentions: [sign, name] })),
    fc
      .constantFrom('<@nobody>', '<#nowhere>', '<@general>', '<#jane>')
      .map((text) => ({ text, mentions: undefined })),
  )

  it('are exactly the parts of the body at their positions, and refer to the named user or channel', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { minLength: 1 }), async (parts) => {
        const body = parts.map(({ text }) => text).join('')
        fc.pre(body.trim() !== '' && body.isWellFormed())
        const { mentions } = await sendMessage(server.main, room.id, { body })
        for (const mention of mentions) {
          expect(body.slice(mention.startPosition, mention.endPosition)).toBe(mention.tag)
          const named =
            mention.type === 'USER'
              ? `<@${mention.user.name}>`
              : `<#${'name' in mention.channel ? mention.channel.name : ''}>`
          expect(mention.tag).toBe(named)
        }
        expect(mentions.length).toBeGreaterThanOrEqual(parts.filter((part) => part.mentions).length)
      }),
      { numRuns: 60 },
    )
  })

  it('are found again after an edit, and in lists', async () => {
    const { id } = await sendMessage(server.main, room.id, { body: 'nothing yet' })
    const body = '🦊 <@🦊 fox> in <#Größe>, <@nobody>'
    await server.main.patch(`/messages/${id}`, { body }).expect(200)
    const page = await server.main.get(`/channels/${room.id}/messages?size=1`).expect(200)
    const [listed] = page.body._embedded.messages
    expect(listed.mentions).toMatchObject([
      { type: 'USER', tag: '<@🦊 fox>', startPosition: 3, endPosition: 12, user: { name: '🦊 fox' } },
      { type: 'CHANNEL', tag: '<#Größe>', startPosition: 16, endPosition: 24, channel: { name: 'Größe' } },
    ])
  })
})
