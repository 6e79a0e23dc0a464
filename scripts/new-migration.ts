// Writes the next migration, which takes a database from the existing migrations to prisma/schema.prisma.
//
//   node scripts/new-migration.ts add_channel_topic

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { prismaFolder, readMigrations } from '#postgres/migrations.ts'
import { everything, openSchemaEngine } from '#postgres/schema-engine.ts'

const quiet = { debug() {}, info() {}, warn: console.warn }

/** Returns the path of the migration it wrote; null if the migrations already produce the schema. */
export async function newMigration(name: string, prisma = prismaFolder): Promise<string | null> {
  const sql = await difference(prisma)
  if (sql === null) return null
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const folder = join(prisma, 'migrations', `${time}_${name}`)
  await mkdir(folder)
  await writeFile(join(folder, 'migration.sql'), sql)
  return join(folder, 'migration.sql')
}

async function difference(prisma: string): Promise<string | null> {
  await mkdir(join(prisma, 'migrations'), { recursive: true })
  await writeFile(join(prisma, 'migrations', 'migration_lock.toml'), 'provider = "postgresql"\n')
  const path = join(prisma, 'schema.prisma')
  const schema = { path, content: await readFile(path, 'utf8') }

  const folder = await mkdtemp(join(tmpdir(), 'chatterie-migration-'))
  const postgres = await startEmbeddedPostgres({ folder, log: quiet })
  try {
    const { engine, scriptError, close } = await openSchemaEngine(postgres.url)
    try {
      const { stdout, exitCode } = await engine.diff({
        from: { tag: 'migrations', ...(await readMigrations(prisma)) },
        to: { tag: 'schemaDatamodel', files: [schema] },
        script: true,
        exitCode: true,
        filters: everything,
      })
      return exitCode === 2 ? stdout : null
    } catch (cause) {
      throw scriptError()
        ? new Error('the existing migrations cannot be applied', { cause: scriptError() })
        : cause
    } finally {
      await close()
    }
  } finally {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const [name] = process.argv.slice(2)
  if (!name || !/^[a-z0-9_]+$/.test(name)) {
    console.error('usage: node scripts/new-migration.ts <name_in_snake_case>')
    process.exit(1)
  }
  console.log(
    (await newMigration(name)) ?? 'prisma/schema.prisma asks for nothing that the migrations do not give',
  )
}
