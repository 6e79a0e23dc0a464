// A worker thread that unpacks a cluster while the main thread loads the server's code.
import { readFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { Owner } from '#postgres/cluster.ts'
import { unpack } from '#postgres/packed.ts'

export interface Unpacking {
  packed: string
  /** Must not exist yet. */
  folder: string
  owner: Owner
}

const { packed, folder, owner } = workerData as Unpacking
unpack(readFileSync(packed), folder, owner)
