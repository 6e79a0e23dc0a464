import { expect, it } from 'vitest'
import { generateSecret, hashSecret, isSecret } from '#domain/applications/secrets.ts'

it('a secret matches its own hash and no other', async () => {
  const stored = await hashSecret('correct horse')
  expect(await isSecret('correct horse', stored)).toBe(true)
  for (const other of ['', 'correct horse ', 'Correct horse', stored])
    expect(await isSecret(other, stored)).toBe(false)
})

it('a hash is salted: two hashes of one secret differ', async () => {
  const [first, second] = await Promise.all([hashSecret('correct horse'), hashSecret('correct horse')])
  expect(first).not.toBe(second)
  expect(first).toMatch(/^scrypt\$[\w-]{22}\$[\w-]{43}$/)
  expect(await isSecret('correct horse', second)).toBe(true)
})

it('generated secrets have 256 bits, need no quoting in a shell, and differ', () => {
  const secrets = Array.from({ length: 100 }, generateSecret)
  expect(new Set(secrets).size).toBe(100)
  for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/)
})
