// The template for new databases, which src/postgres/template.ts keeps.
import { fileURLToPath } from 'node:url'
import { fileOfCode, isCompiled } from '#place.ts'
import { versionOfMigrations } from '#postgres/migrations.ts'
import { isPortable } from '#postgres/packed.ts'
import type { TemplateSource } from '#postgres/template.ts'

const quiet = { debug() {}, info() {}, warn() {} }

/** The template's file name in the published package. */
export const packedName = 'cluster.zst'

export async function templateIn(cache: string): Promise<TemplateSource> {
  return {
    cache,
    version: await versionOfMigrations(),
    packed: isCompiled && isPortable ? fileURLToPath(fileOfCode(packedName)) : undefined,
    fill,
  }
}

/** Creates all tables, including those of the job queue, which a server would otherwise create with its first job. */
export async function fill(url: string): Promise<void> {
  const [{ migrate }, { openDatabase }, { openQueue }] = await Promise.all([
    import('#postgres/migrate.ts'),
    import('#data/open-database.ts'),
    import('#data/jobs/queue.ts'),
  ])
  await migrate(url, quiet)
  const db = openDatabase(url, () => {})
  await openQueue(db)
    .ready()
    .finally(() => db.close())
}
