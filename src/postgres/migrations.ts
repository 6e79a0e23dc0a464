// The migrations that come with the package.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MigrationList } from '@prisma/schema-engine-wasm'
import { fileOfPackage } from '#place.ts'

/** The folder of schema.prisma and migrations/. */
export const prismaFolder = fileURLToPath(fileOfPackage('prisma'))

/** Returns the migrations of a prisma folder, in the order in which they are applied. */
export async function readMigrations(prisma: string): Promise<MigrationList> {
  const baseDir = join(prisma, 'migrations')
  const entries = await readdir(baseDir, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return {
    baseDir,
    lockfile: {
      path: 'migration_lock.toml',
      content: await readFile(join(baseDir, 'migration_lock.toml'), 'utf8').catch(() => null),
    },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.sort().map(async (name) => ({
        path: name,
        migrationFile: {
          path: 'migration.sql',
          content: {
            tag: 'ok' as const,
            value: await readFile(join(baseDir, name, 'migration.sql'), 'utf8'),
          },
        },
      })),
    ),
  }
}

/** Returns a text that changes whenever the migrations change. */
export async function versionOfMigrations(): Promise<string> {
  const { migrationDirectories } = await readMigrations(prismaFolder)
  return migrationDirectories.map(({ path, migrationFile }) => path + migrationFile.content.value).join()
}
