// Secrets that must be read again are kept encrypted: AES-256-GCM under one key of the installation.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const keyBytes = 32
const format = 1
const nonceBytes = 12
const tagBytes = 16

/** `about` says whose secret it is; what was sealed about one thing cannot be opened about another. */
export interface Vault {
  seal(text: string, about: string): Promise<Uint8Array<ArrayBuffer>>
  /** @throws where it was sealed with another key, about another thing, or tampered with */
  open(sealed: Uint8Array, about: string): Promise<string>
  /** Another key, for this use alone; the same in every process of the installation. */
  derive(use: string): Promise<Uint8Array>
}

/** Opens the vault with the key of the settings, or else with the one in the home folder, made at first need. */
export function openVault({ home, encryptionKey }: { home: string; encryptionKey?: Buffer }): Vault {
  let loading: Promise<Buffer> | undefined
  const derived = new Map<string, Uint8Array>()
  const key = () => {
    loading ??= encryptionKey ? Promise.resolve(encryptionKey) : keptKey(join(home, 'encryption-key'))
    loading.catch(() => {
      loading = undefined
    })
    return loading
  }
  return {
    async seal(text, about) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', await key(), nonce).setAAD(Buffer.from(about))
      const sealed = [cipher.update(text, 'utf8'), cipher.final()]
      return Buffer.concat([Buffer.of(format), nonce, cipher.getAuthTag(), ...sealed])
    },
    async open(sealed, about) {
      const bytes = Buffer.from(sealed)
      if (bytes[0] !== format) throw new Error(`Sealed in the unknown format ${bytes[0]}`)
      const nonce = bytes.subarray(1, 1 + nonceBytes)
      const tag = bytes.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes)
      const decipher = createDecipheriv('aes-256-gcm', await key(), nonce, { authTagLength: tagBytes })
      decipher.setAAD(Buffer.from(about)).setAuthTag(tag)
      return (
        decipher.update(bytes.subarray(1 + nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
      )
    },
    async derive(use) {
      const known = derived.get(use) ?? new Uint8Array(hkdfSync('sha256', await key(), '', use, keyBytes))
      derived.set(use, known)
      return known
    },
  }
}

async function keptKey(path: string): Promise<Buffer> {
  const kept = await readKey(path)
  if (kept) return kept
  await mkdir(join(path, '..'), { recursive: true, mode: 0o711 })
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, `${randomBytes(keyBytes).toString('base64')}\n`, { mode: 0o600, flush: true })
    await link(draft, path).catch((error) => {
      if (error.code !== 'EEXIST') throw error // another process was quicker: its key it is
    })
  } finally {
    await rm(draft, { force: true })
  }
  return (await readKey(path)) as Buffer // just written, by us or by another
}

async function readKey(path: string): Promise<Buffer | null> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const key = Buffer.from(text, 'base64')
  if (key.length !== keyBytes) throw new Error(`${path} does not hold a key: restore it from a backup`)
  return key
}
