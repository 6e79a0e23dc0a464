import { expect, it } from 'vitest'
import { maskSecrets } from '#domain/functions/runs/mask-secrets.ts'

it('masks what is named like a secret, at any depth, and leaves the rest and the original alone', () => {
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

it('keeps keys that other objects have special plans for', () => {
  expect(JSON.stringify(maskSecrets(JSON.parse('{"__proto__":{"token":"x"},"a":1}')))).toBe(
    '{"__proto__":{"token":"***"},"a":1}',
  )
})

it('takes what is nested deeper than the stack goes', () => {
  const depth = 100_000
  const deep = JSON.parse(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`)
  expect(JSON.stringify(maskSecrets(deep))).toMatch(/^(\[\{"a":){50}"\*{3}"(\}\]){50}$/)
})
