import { createCipheriv, randomBytes } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '#config.ts'
import { openVault, sealBytes, sealOf } from '#secrets/vault.ts'

const home = join(tmpdir(), `chatterie-vault-${uuid()}`)
afterAll(() => rm(home, { recursive: true, force: true }))

const vault = () => openVault({ home, encryptionKeys: [randomBytes(32)] })

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

describe('a ring of keys', () => {
  const [old, fresh] = [randomBytes(32), randomBytes(32)]
  const ring = (...encryptionKeys: Buffer[]) => openVault({ home, encryptionKeys })

  it('seals with its first and opens with all', async () => {
    const before = await ring(old).seal('secret', 'x')
    expect(await ring(fresh, old).open(before, 'x')).toBe('secret')
    const after = await ring(fresh, old).seal('secret', 'x')
    expect(await ring(fresh).open(after, 'x')).toBe('secret')
    await expect(ring(old).open(after, 'x')).rejects.toThrow('which is not at hand')
  })

  it('knows by its beginning which key sealed a thing, and tells nothing else of it', async () => {
    const [id] = await ring(old).keyIds()
    expect(id).toMatch(/^[0-9a-f]{8}$/)
    expect(await ring(fresh, old).keyIds()).toEqual([(await ring(fresh).keyIds())[0], id])
    expect(Buffer.from(await ring(old).seal('secret', 'x')).subarray(0, sealBytes)).toEqual(sealOf(id))
    expect(old.toString('hex')).not.toContain(id)
  })

  it('opens what versions sealed that knew one key', async () => {
    // `secret` about `x`, by the key of 32 zeros, as the version before wrote it.
    const nonce = Buffer.alloc(12, 7)
    const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32), nonce)
    cipher.setAAD(Buffer.from('x'))
    const encrypted = Buffer.concat([cipher.update('secret'), cipher.final()])
    const sealed = Buffer.concat([Buffer.of(1), nonce, cipher.getAuthTag(), encrypted])
    for (const keys of [[Buffer.alloc(32)], [fresh, Buffer.alloc(32)], [Buffer.alloc(32), fresh]]) {
      expect(await ring(...keys).open(sealed, 'x')).toBe('secret')
    }
    await expect(ring(fresh, old).open(sealed, 'x')).rejects.toThrow()
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

  it('may be one of several, a line each: the first seals', async () => {
    const path = join(home, 'encryption-key')
    const before = await openVault({ home }).seal('secret', 'x')
    const kept = await readFile(path, 'utf8')
    await writeFile(path, `${randomBytes(32).toString('base64')}\n${kept}`)
    const both = openVault({ home })
    expect(await both.open(before, 'x')).toBe('secret')
    expect((await both.keyIds()).length).toBe(2)
    await writeFile(path, kept)
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
      expect(readConfig({ CHATTERIE_ENCRYPTION_KEY: text }).encryptionKeys).toEqual([bytes])
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
