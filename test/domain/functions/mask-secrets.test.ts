import { expect, it } from 'vitest'
import { maskSecrets } from '#domain/functions/runs/mask-secrets.ts'

it('masks keys named like a secret, at any depth, and leaves the rest and the original unchanged', () => {
  const args = {
    username: 'jane',
    authParams: {
      password: 'a',
      passwd: 'b',
      idToken: 'c',
      access_token: { value: 'd' },
      Authorization: ['e'],
      apiKey: 'f',
      'api-key': 'g',
      clientSecret: 7,
      credentials: true,
      jwt: 'h',
      passphrase: 'i',
      nothingThere: { token: null },
      list: [{ key: 'j', keys: 'k', keyboard: 'l', displayName: 'Jane' }],
    },
  }
  const before = structuredClone(args)
  const masked = maskSecrets(args)
  expect(masked).toEqual({
    username: 'jane',
    authParams: {
      password: '***',
      passwd: '***',
      idToken: '***',
      access_token: '***',
      Authorization: '***',
      apiKey: '***',
      'api-key': '***',
      clientSecret: '***',
      credentials: '***',
      jwt: '***',
      passphrase: '***',
      nothingThere: { token: null },
      list: [{ key: '***', keys: 'k', keyboard: 'l', displayName: 'Jane' }],
    },
  })
  expect(args).toEqual(before)
})

it('keeps keys with a special meaning for objects', () => {
  expect(JSON.stringify(maskSecrets(JSON.parse('{"__proto__":{"token":"x"},"a":1}')))).toBe(
    '{"__proto__":{"token":"***"},"a":1}',
  )
})

it('handles nesting deeper than the stack', () => {
  const depth = 100_000
  const deep = JSON.parse(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`)
  expect(JSON.stringify(maskSecrets(deep))).toMatch(/^(\[\{"a":){50}"\*{3}"(\}\]){50}$/)
})
