import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAuthParams } from '#wire/auth-params.ts'

const refusal = expect.objectContaining({
  kind: 'AccessDeniedError',
  message: expect.stringContaining('StompX-Auth-Params'),
})
const base64 = (text: string, encoding: BufferEncoding = 'utf8') =>
  Buffer.from(text, encoding).toString('base64')

describe('authParams', () => {
  it('are decoded as a client encoded them, whatever characters they contain', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0'))
    fc.assert(
      fc.property(
        fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null))),
        (params) => {
          const json = JSON.stringify(params)
          const read = JSON.stringify(readAuthParams(base64(json)))
          expect(read).toBe(json)
          expect(JSON.stringify(readAuthParams(json)), 'as the oldest clients send them').toBe(json)
        },
      ),
    )
  })

  it('may be encoded as browsers encode text, in Latin-1', () => {
    const params = { name: 'Zoë Müller', sign: '\u00a7 \u00ff' }
    expect(readAuthParams(btoa(JSON.stringify(params)))).toEqual(params)
  })

  it('may be in URL-safe base64, and without padding', () => {
    const params = { sign: '???>>>~~~' }
    const text = Buffer.from(JSON.stringify(params)).toString('base64url')
    expect(readAuthParams(text)).toEqual(params)
  })

  it.each([undefined, '', ' ', 'undefined', 'null'])('are absent where the header is %j', (text) => {
    expect(readAuthParams(text)).toEqual({})
  })

  it.each([
    ['a text', base64('"secret"')],
    ['a list', base64('[1]')],
    ['null', base64('null')],
    ['no JSON', base64('{"a":')],
    ['no JSON, though it is plain', '{"a":'],
    ['no base64', 'ä{}'],
    ['NUL', base64('{"a":"\\u0000"}')],
    ['half a character', base64('{"a":"\\ud800"}')],
    ['more levels than can be kept', base64(`{"a":${'['.repeat(100)}${']'.repeat(100)}}`)],
    ['so many levels that they break parsers', base64(`{"a":${'['.repeat(5_000_000)}`)],
  ])('are refused with the name of the header where they are %s', (_, text) => {
    expect(() => readAuthParams(text)).toThrow(refusal)
  })
})
