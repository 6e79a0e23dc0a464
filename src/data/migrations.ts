// Checks whether the database has the schema that this program expects.
import { column, text } from '#data/columns.ts'
import { type Database, reading } from '#data/database.ts'

/** Returns those of these migrations that are missing or incomplete. @throws if there is no migrations table */
export function missingMigrations(db: Database, names: string[]): Promise<string[]> {
  return db.monitor((tx) => tx.all(missingStatement, [names]))
}

const missingStatement = reading(
  'missing-migrations',
  column(text, 'name'),
  (columns) => `
    select ${columns} from unnest($1::text[]) name where not exists (
      select from _prisma_migrations m
      where m.migration_name = name and m.finished_at is not null and m.rolled_back_at is null
    )`,
)
