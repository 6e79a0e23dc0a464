// What new databases begin as: src/postgres/template.ts keeps it.
import { openDatabase } from '#data/database.ts'
import { openQueue } from '#data/jobs/queue.ts'
import { migrate, versionOfMigrations } from '#postgres/migrate.ts'
import type { TemplateSource } from '#postgres/template.ts'

const quiet = { debug() {}, info() {}, warn() {} }

/** All tables, those of the queue too, which a server would make at its first job. */
export async function templateIn(cache: string): Promise<TemplateSource> {
  return {
    cache,
    version: await versionOfMigrations(),
    async fill(url) {
      await migrate(url, quiet)
      const db = openDatabase(url, () => {})
      await openQueue(db)
        .ready()
        .finally(() => db.close())
    },
  }
}
