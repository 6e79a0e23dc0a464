// Packs what new databases begin as: an installation then neither initialises nor migrates one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFilled } from '#postgres/embedded-postgres.ts'
import { pack } from '#postgres/packed.ts'
import { fill } from '#template.ts'

/** Nobody knows its password: whoever unpacks it gives it one. */
export async function packCluster(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-cluster-'))
  try {
    await makeFilled(folder, fill)
    return pack(join(folder, 'data'))
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
