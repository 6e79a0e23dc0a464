// Packs the cluster from which new databases are created, so that an installation neither initialises nor migrates one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFilled } from '#postgres/embedded-postgres.ts'
import { pack } from '#postgres/packed.ts'
import { fill } from '#template.ts'

/** Returns the packed cluster. Nobody knows its password; unpacking sets a new one. */
export async function packCluster(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-cluster-'))
  try {
    await makeFilled(folder, fill)
    return pack(join(folder, 'data'))
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
