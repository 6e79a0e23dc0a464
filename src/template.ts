// What new databases begin as: src/postgres/template.ts keeps it.
import { fileURLToPath } from 'node:url'
import { fileOfCode, isCompiled } from '#place.ts'
import { versionOfMigrations } from '#postgres/migrations.ts'
import { isPortable } from '#postgres/packed.ts'
import type { TemplateSource } from '#postgres/template.ts'

const quiet = { debug() {}, info() {}, warn() {} }

/** By which the published package has it. */
export const packedName = 'cluster.zst'

export async function templateIn(cache: string): Promise<TemplateSource> {
  return {
    cache,
    version: await versionOfMigrations(),
    packed: isCompiled && isPortable ? fileURLToPath(fileOfCode(packedName)) : undefined,
    fill,
  }
}

/** Makes all tables, those of the queue too, which a server would make at its first job. */
export async function fill(url: string): Promise<void> {
  const [{ migrate }, { openDatabase }, { openQueue }] = await Promise.all([
    import('#postgres/migrate.ts'),
    import('#data/database.ts'),
    import('#data/jobs/queue.ts'),
  ])
  await migrate(url, quiet)
  const db = openDatabase(url, () => {})
  await openQueue(db)
    .ready()
    .finally(() => db.close())
}
