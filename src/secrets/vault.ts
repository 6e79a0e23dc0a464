// Encrypts secrets that must be readable again: AES-256-GCM under a ring of keys of the installation, of which the
// first encrypts and all decrypt. Sealed data starts with its format and the id of its key.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'

const keyBytes = 32
const idBytes = 4
const nonceBytes = 12
const tagBytes = 16

/** Format of versions that had a single key, without an id. */
const formatWithoutId = 1
const format = 2

/** Length of the prefix of sealed data that identifies its key. */
export const sealBytes = 1 + idBytes

/** `about` identifies the subject of a secret: data sealed for one subject cannot be opened for another. */
export interface Vault {
  /** Returns the ids of the ring's keys in hex, the sealing key first. An id reveals nothing about its key. */
  keyIds(): Promise<[first: string, ...others: string[]]>
  /** Encrypts a text. The result starts with the {@link sealBytes} bytes that identify the key. */
  seal(text: string, about: string): Promise<Uint8Array<ArrayBuffer>>
  /** @throws if the key is not in the ring, the subject differs, or the data was tampered with */
  open(sealed: Uint8Array, about: string): Promise<string>
  /**
   * Derives keys for one use, one for each key of the ring: the first signs, all verify. They are the same in every
   * process of the installation.
   */
  derive(use: string): Promise<readonly Uint8Array[]>
}

interface Key {
  /** In hex. */
  id: string
  bytes: Uint8Array
}

/** Opens the vault with the configured keys, or else with those in the home folder, which are created on first use. */
export function openVault({ home, encryptionKeys }: { home: string; encryptionKeys?: Buffer[] }): Vault {
  let loading: Promise<Key[]> | undefined
  const derived = new Map<string, readonly Uint8Array[]>()
  const ring = () => {
    loading ??= (encryptionKeys ? Promise.resolve(encryptionKeys) : keptKeys(encryptionKeyPath(home))).then(
      (keys) => keys.map((bytes) => ({ id: keyIdOf(bytes), bytes })),
    )
    loading.catch(() => {
      loading = undefined
    })
    return loading
  }
  return {
    async keyIds() {
      return (await ring()).map(({ id }) => id) as [string, ...string[]]
    },
    async seal(text, about) {
      const [key] = (await ring()) as [Key]
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: tagBytes })
      cipher.setAAD(Buffer.from(about))
      const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      const head = [Buffer.of(format), Buffer.from(key.id, 'hex'), nonce, cipher.getAuthTag()]
      return new Uint8Array(Buffer.concat([...head, encrypted]))
    },
    async open(sealed, about) {
      const bytes = Buffer.from(sealed)
      if (bytes[0] !== format && bytes[0] !== formatWithoutId) {
        throw new Error(`Sealed in the unknown format ${bytes[0]}`)
      }
      const id = bytes[0] === format ? bytes.subarray(1, sealBytes).toString('hex') : undefined
      const keys = (await ring()).filter((key) => id === undefined || key.id === id)
      const box = bytes.subarray(id === undefined ? 1 : sealBytes)
      for (const key of keys.slice(0, -1)) {
        try {
          return unbox(box, key, about)
        } catch {} // try the next key
      }
      const last = keys.at(-1)
      if (!last) throw new Error(`Sealed with the key ${id}, which is not at hand`)
      return unbox(box, last, about)
    },
    async derive(use) {
      const known =
        derived.get(use) ??
        (await ring()).map(({ bytes }) => new Uint8Array(hkdfSync('sha256', bytes, '', use, keyBytes)))
      derived.set(use, known)
      return known
    },
  }
}

function unbox(box: Buffer, key: Key, about: string): string {
  const nonce = box.subarray(0, nonceBytes)
  const tag = box.subarray(nonceBytes, nonceBytes + tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(about)).setAuthTag(tag)
  return decipher.update(box.subarray(nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
}

function keyIdOf(key: Uint8Array): string {
  return Buffer.from(hkdfSync('sha256', key, '', 'key id', idBytes)).toString('hex')
}

/** Returns the prefix of data sealed with that key. */
export function sealOf(keyId: string): Buffer {
  return Buffer.concat([Buffer.of(format), Buffer.from(keyId, 'hex')])
}

export const encryptionKeyPath = (home: string) => join(home, 'encryption-key')

/** Returns the id of the first key in the home folder; null if there is none. */
export async function keptKeyId(home: string): Promise<string | null> {
  const [first] = (await readKeys(encryptionKeyPath(home)).catch(() => null)) ?? []
  return first ? keyIdOf(first) : null
}

async function keptKeys(path: string): Promise<Buffer[]> {
  const kept = await readKeys(path)
  if (kept) return kept
  await mkdir(join(path, '..'), { recursive: true, mode: 0o711 })
  const draft = `${path}.${uuid()}`
  try {
    await writeFile(draft, `${randomBytes(keyBytes).toString('base64')}\n`, { mode: 0o600, flush: true })
    await link(draft, path).catch((error) => {
      if (error.code !== 'EEXIST') throw error // another process was quicker, and its key is used
    })
  } finally {
    await rm(draft, { force: true })
  }
  return (await readKeys(path)) as Buffer[] // just written, by this process or another
}

/** Reads keys, one per line. */
async function readKeys(path: string): Promise<Buffer[] | null> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const keys = text
    .trim()
    .split(/\s+/)
    .map((line) => Buffer.from(line, 'base64'))
  if (keys.some((key) => key.length !== keyBytes)) {
    throw new Error(`${path} does not hold a key: restore it from a backup`)
  }
  return keys
}
