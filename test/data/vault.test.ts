import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '#config.ts'
import { openVault } from '#data/vault.ts'

const home = join(tmpdir(), `chatterie-vault-${randomUUID()}`)
afterAll(() => rm(home, { recursive: true, force: true }))

const vault = () => openVault({ home, encryptionKey: randomBytes(32) })

describe('a sealed secret', () => {
  it('is opened as it was', async () => {
    const { seal, open } = vault()
    for (const secret of ['', 'plain', 'ünïcode 🐈', 'x'.repeat(100_000)]) {
      expect(await open(await seal(secret, 'x'), 'x')).toBe(secret)
    }
  })

  it('looks different every time', async () => {
    const { seal } = vault()
    expect(await seal('same', 'x')).not.toEqual(await seal('same', 'x'))
  })

  it('opens with no other key, about nothing else, and not when a bit of it has changed', async () => {
    const { seal, open } = vault()
    const sealed = await seal('secret', 'application 1')
    await expect(vault().open(sealed, 'application 1')).rejects.toThrow()
    await expect(open(sealed, 'application 2')).rejects.toThrow()
    for (const index of sealed.keys()) {
      const changed = Uint8Array.from(sealed, (byte, at) => (at === index ? byte ^ 1 : byte))
      await expect(open(changed, 'application 1')).rejects.toThrow()
    }
    for (const length of [0, 1, 13, 29]) {
      await expect(open(sealed.subarray(0, length), 'application 1')).rejects.toThrow()
    }
  })
})

describe('the key in the home folder', () => {
  it('is one for all who start at once, stays the same, and is for our eyes alone', async () => {
    const vaults = Array.from({ length: 8 }, () => openVault({ home }))
    const sealed = await Promise.all(vaults.map(({ seal }) => seal('secret', 'x')))
    const again = openVault({ home })
    for (const each of sealed) expect(await again.open(each, 'x')).toBe('secret')
    expect((await stat(join(home, 'encryption-key'))).mode & 0o777).toBe(0o600)
  })

  it('is refused when it is damaged, and left as it is', async () => {
    await openVault({ home }).seal('secret', 'x')
    const path = join(home, 'encryption-key')
    const key = await readFile(path, 'utf8')
    await writeFile(path, key.slice(0, 20))
    await expect(openVault({ home }).seal('secret', 'x')).rejects.toThrow('restore it')
    expect(await readFile(path, 'utf8')).toBe(key.slice(0, 20))
    await writeFile(path, key)
  })
})

describe('CHATTERIE_ENCRYPTION_KEY', () => {
  const bytes = randomBytes(32)

  it('is taken in base64 and in hex', () => {
    for (const text of [bytes.toString('base64'), bytes.toString('hex')]) {
      expect(readConfig({ CHATTERIE_ENCRYPTION_KEY: text }).encryptionKey).toEqual(bytes)
    }
  })

  it('of any other length is refused by its name', () => {
    for (const text of ['secret', bytes.toString('hex').slice(2), randomBytes(33).toString('base64')]) {
      expect(() => readConfig({ CHATTERIE_ENCRYPTION_KEY: text })).toThrow(
        'CHATTERIE_ENCRYPTION_KEY is wrong',
      )
    }
  })
})
