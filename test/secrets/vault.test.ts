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

describe('an encrypted secret', () => {
  it('is decrypted unchanged', async () => {
    const { seal, open } = vault()
    for (const secret of ['', 'plain', 'ünïcode 🐈', 'x'.repeat(100_000)]) {
      expect(await open(await seal(secret, 'x'), 'x')).toBe(secret)
    }
  })

  it('differs each time it is encrypted', async () => {
    const { seal } = vault()
    expect(await seal('same', 'x')).not.toEqual(await seal('same', 'x'))
  })

  it('cannot be decrypted with another key, for another purpose, or when one bit was changed', async () => {
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

describe('a key ring', () => {
  const [old, fresh] = [randomBytes(32), randomBytes(32)]
  const ring = (...encryptionKeys: Buffer[]) => openVault({ home, encryptionKeys })

  it('encrypts with its first key and decrypts with all', async () => {
    const before = await ring(old).seal('secret', 'x')
    expect(await ring(fresh, old).open(before, 'x')).toBe('secret')
    const after = await ring(fresh, old).seal('secret', 'x')
    expect(await ring(fresh).open(after, 'x')).toBe('secret')
    await expect(ring(old).open(after, 'x')).rejects.toThrow('which is not at hand')
  })

  it('recognises by the prefix which key encrypted a secret, and the prefix reveals nothing else', async () => {
    const [id] = await ring(old).keyIds()
    expect(id).toMatch(/^[0-9a-f]{8}$/)
    expect(await ring(fresh, old).keyIds()).toEqual([(await ring(fresh).keyIds())[0], id])
    expect(Buffer.from(await ring(old).seal('secret', 'x')).subarray(0, sealBytes)).toEqual(sealOf(id))
    expect(old.toString('hex')).not.toContain(id)
  })

  it('decrypts secrets from versions that had one key', async () => {
    // `secret` with the context `x`, encrypted with a key of 32 zeros in the format of the previous version.
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
  it('is one for all concurrent starts, stays the same, and is readable by its owner only', async () => {
    const vaults = Array.from({ length: 8 }, () => openVault({ home }))
    const sealed = await Promise.all(vaults.map(({ seal }) => seal('secret', 'x')))
    const again = openVault({ home })
    for (const each of sealed) expect(await again.open(each, 'x')).toBe('secret')
    expect((await stat(join(home, 'encryption-key'))).mode & 0o777).toBe(0o600)
  })

  it('may be one of several, one per line: the first encrypts', async () => {
    const path = join(home, 'encryption-key')
    const before = await openVault({ home }).seal('secret', 'x')
    const kept = await readFile(path, 'utf8')
    await writeFile(path, `${randomBytes(32).toString('base64')}\n${kept}`)
    const both = openVault({ home })
    expect(await both.open(before, 'x')).toBe('secret')
    expect((await both.keyIds()).length).toBe(2)
    await writeFile(path, kept)
  })

  it('is refused when it is damaged, and left unchanged', async () => {
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

  it('is accepted in base64 and in hex', () => {
    for (const text of [bytes.toString('base64'), bytes.toString('hex')]) {
      expect(readConfig({ CHATTERIE_ENCRYPTION_KEY: text }).encryptionKeys).toEqual([bytes])
    }
  })

  it('of any other length is refused with the name of the variable', () => {
    for (const text of ['secret', bytes.toString('hex').slice(2), randomBytes(33).toString('base64')]) {
      expect(() => readConfig({ CHATTERIE_ENCRYPTION_KEY: text })).toThrow(
        'CHATTERIE_ENCRYPTION_KEY is wrong',
      )
    }
  })
})
