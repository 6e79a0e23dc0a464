// The contract of every file store.

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DiskStore } from '#files/disk.ts'
import type { FileStore } from '#files/files.ts'
import { S3Store } from '#files/s3.ts'

interface Opened {
  store: FileStore
  /** The number of multipart uploads that were started, and neither completed nor aborted. */
  unfinished(): number
  /** The number of bytes written to the disk or sent to the S3 server since the store was opened. */
  written(): Promise<number>
  close(): Promise<void>
}

/** Larger than one part of a multipart upload. */
const large = 12_000_000

async function openDisk(): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-files-'))
  return {
    store: new DiskStore(folder),
    unfinished: () => 0,
    written: () => sizeOf(folder),
    close: () => rm(folder, { recursive: true }),
  }
}

const S3rver = findS3rver()

/** A real S3 server whose multipart uploads are counted. It does not support aborting one, so this is done here. */
async function openS3(): Promise<Opened> {
  const directory = await mkdtemp(join(tmpdir(), 'chatterie-s3-'))
  if (!S3rver) throw new Error('It is not installed')
  const s3rver = new S3rver({ directory, silent: true, configureBuckets: [{ name: 'files' }] })
  await s3rver.configureBuckets()
  const answer = s3rver.callback()
  let unfinished = 0
  const server = createServer((request, response) => {
    const { method, url = '' } = request
    if (method === 'POST' && /[?&]uploads/.test(url)) unfinished++
    if (/[?&]uploadId/.test(url) && (method === 'POST' || method === 'DELETE')) unfinished--
    if (method === 'DELETE' && /[?&]uploadId/.test(url)) response.writeHead(204).end()
    else answer(request, response)
  })
  const connections: Socket[] = []
  server.on('connection', (connection) => connections.push(connection))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    store: new S3Store({
      bucket: 'files',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    }),
    unfinished: () => unfinished,
    written: async () => connections.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    async close() {
      server.closeAllConnections()
      server.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** The package has no type declarations. */
type S3rverClass = new (options: object) => { configureBuckets(): Promise<void>; callback(): RequestListener }

function findS3rver(): S3rverClass | undefined {
  const require = createRequire(import.meta.url)
  try {
    return require('@20minutes/s3rver')
  } catch {
    return undefined
  }
}

describe.each([
  { name: 'the disk', open: openDisk, skip: false },
  {
    name: `S3${S3rver ? '' : ' (skipped: @20minutes/s3rver is not installed)'}`,
    open: openS3,
    skip: !S3rver,
  },
])('files on $name', ({ open, skip }) => {
  let opened: Opened
  let store: FileStore
  beforeAll(async () => {
    if (skip) return
    opened = await open()
    store = opened.store
  })
  afterAll(() => opened?.close())
  const test = it.skipIf(skip)

  test('returns what was stored, with size and hash', async () => {
    const key = uuid()
    const bytes = randomBytes(100_000)
    expect(await store.put(key, inChunks(bytes), 100_000)).toEqual({
      size: 100_000,
      sha256: createHash('sha256').update(bytes).digest(),
    })
    expect(bytes.equals(await buffer(await store.open(key)))).toBe(true)
  })

  test('stores a file of several parts', async () => {
    const key = uuid()
    const bytes = randomBytes(large)
    const { size, sha256 } = await store.put(key, inChunks(bytes), large)
    expect(size).toBe(large)
    expect(createHash('sha256').update(bytes).digest().equals(sha256)).toBe(true)
    expect(bytes.equals(await buffer(await store.open(key)))).toBe(true)
    expect(opened.unfinished()).toBe(0)
  })

  test('stores an empty file', async () => {
    const key = uuid()
    expect((await store.put(key, inChunks(Buffer.alloc(0)), 10)).size).toBe(0)
    expect(await buffer(await store.open(key))).toHaveLength(0)
  })

  test('returns ranges, ends included', async () => {
    const key = uuid()
    await store.put(key, inChunks(Buffer.from('0123456789')), 10)
    const read = async (start: number, end: number) =>
      (await buffer(await store.open(key, { start, end }))).toString()
    expect(await read(0, 1)).toBe('01')
    expect(await read(2, 5)).toBe('2345')
    expect(await read(8, 9)).toBe('89')
  })

  test.for([
    { what: 'a small one', bytes: 1_001, sizeMax: 1_000 },
    { what: 'one of several parts', bytes: large, sizeMax: large - 1 },
  ])('refuses a file that is too large ($what), and stores nothing of it', async ({ bytes, sizeMax }) => {
    const key = uuid()
    await expect(store.put(key, inChunks(randomBytes(bytes)), sizeMax)).rejects.toMatchObject({
      kind: 'PayloadTooLargeError',
    })
    await expect(store.open(key)).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
    expect(opened.unfinished()).toBe(0)
  })

  test.for([10, large])(
    'stores nothing of an upload that fails after %i bytes, and gives the reason',
    async (bytes) => {
      const key = uuid()
      const cutOff = new Error('cut off')
      async function* failing() {
        yield* inChunks(randomBytes(bytes))
        throw cutOff
      }
      await expect(store.put(key, failing(), 2 * large)).rejects.toBe(cutOff)
      await expect(store.open(key)).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
      expect(opened.unfinished()).toBe(0)
    },
  )

  test('reads no faster than it writes: a file never fills the memory', async () => {
    const size = 80_000_000
    const chunk = randomBytes(65_536)
    const before = await opened.written()
    let farthestAhead = 0
    async function* large() {
      for (let read = 0; read < size; read += chunk.length) {
        if (read % (100 * chunk.length) === 0)
          farthestAhead = Math.max(farthestAhead, read - ((await opened.written()) - before))
        yield chunk.subarray(0, Math.min(chunk.length, size - read))
      }
    }
    expect((await store.put(uuid(), large(), size)).size).toBe(size)
    expect(farthestAhead).toBeLessThan(25_000_000)
  })

  test('deletes a file, and deleting it again is no error', async () => {
    const key = uuid()
    await store.put(key, inChunks(Buffer.from('x')), 1)
    await store.delete(key)
    await store.delete(key)
    await expect(store.open(key)).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
  })

  test('refuses keys that lead out of the store', async () => {
    for (const key of ['', 'a', '..', '../x', 'a/b', 'a\\b', '.hidden', 'a\0b', 'x'.repeat(300)]) {
      await expect(store.put(key, inChunks(Buffer.from('x')), 1)).rejects.toThrow("cannot be a file's key")
      await expect(store.open(key)).rejects.toThrow("cannot be a file's key")
      await expect(store.delete(key)).rejects.toThrow("cannot be a file's key")
    }
  })
})

/** The total size of all files below a folder. */
async function sizeOf(folder: string): Promise<number> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) =>
    file.isFile(),
  )
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Yields chunks, as they arrive from a network. */
async function* inChunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}
