// Packs a cluster into one small file; the published package includes one that is initialised and migrated. Identical
// files are stored once, as are most in Postgres' own databases, and trailing zeros become holes.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chownSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { programFile } from '#place.ts'
import type { Owner } from '#postgres/cluster.ts'
import type { Unpacking } from '#postgres/unpack.ts'

/** Whether a cluster packed here fits the published package, which requires the same memory layout. */
export const isPortable = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)

interface Index {
  folders: string[]
  /** The size in bytes of each content, in order. */
  contents: number[]
  /** The index of the content that each file begins with, and its total size including trailing zeros. */
  files: { path: string; content: number; size: number }[]
}

const lengthBytes = 4

/** Packs everything in a folder, which must not be in use. */
export function pack(folder: string): Buffer {
  const index: Index = { folders: [], contents: [], files: [] }
  const contents: Buffer[] = []
  const known = new Map<string, number>()
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = entries.map((entry) => ({
    entry,
    path: join(entry.parentPath, entry.name).slice(folder.length + 1),
  }))
  for (const { entry, path } of paths.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    if (entry.isDirectory()) {
      index.folders.push(path)
      continue
    }
    const bytes = readFileSync(join(folder, path))
    const content = bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1)
    const hash = createHash('sha256').update(content).digest('hex')
    const at = known.get(hash) ?? contents.push(content) - 1
    known.set(hash, at)
    index.files.push({ path, content: at, size: bytes.length })
  }
  index.contents = contents.map(({ length }) => length)
  const head = Buffer.from(JSON.stringify(index))
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32LE(head.length)
  // Pages of Postgres' own databases are nearly identical, but far apart.
  const params = {
    [constants.ZSTD_c_compressionLevel]: 15,
    [constants.ZSTD_c_windowLog]: 25,
    [constants.ZSTD_c_enableLongDistanceMatching]: 1,
  }
  return zstdCompressSync(Buffer.concat([length, head, ...contents]), { params })
}

/** Unpacks a file into a new folder owned by the given user, in a worker thread. */
export async function unpackCluster(packed: string, folder: string, owner: Owner): Promise<void> {
  const workerData: Unpacking = { packed, folder, owner }
  await once(new Worker(programFile('unpack'), { workerData, execArgv: [] }), 'exit')
}

/** Unpacks in the calling thread. */
export function unpack(packed: Uint8Array, folder: string, owner: Owner): void {
  const bytes = zstdDecompressSync(packed)
  let at = lengthBytes + bytes.readUInt32LE(0)
  const index: Index = JSON.parse(bytes.toString('utf8', lengthBytes, at))
  const contents = index.contents.map((length) => {
    at += length
    return bytes.subarray(at - length, at)
  })
  const give = (path: string) => owner && chownSync(path, owner.uid, owner.gid)
  for (const path of ['', ...index.folders]) {
    mkdirSync(join(folder, path), { mode: 0o700 })
    give(join(folder, path))
  }
  for (const { path, content, size } of index.files) {
    const file = openSync(join(folder, path), 'wx', 0o600)
    try {
      writeSync(file, contents[content] ?? Buffer.alloc(0))
      ftruncateSync(file, size)
    } finally {
      closeSync(file)
    }
    give(join(folder, path))
  }
}
