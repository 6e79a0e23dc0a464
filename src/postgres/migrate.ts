// Migrates a database at start to the schema this code expects, compatibly with `prisma migrate`.

import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MigrationList } from '@prisma/schema-engine-wasm'
import pg from 'pg'
import { DatabaseClient } from '#postgres/database-client.ts'
import type { Logger } from '#postgres/embedded-postgres.ts'
import { prismaFolder, readMigrations } from '#postgres/migrations.ts'
import { everything, openSchemaEngine } from '#postgres/schema-engine.ts'

interface Applied {
  migration_name: string
  checksum: string
  finished: boolean
}

interface Migrated {
  applied: string[]
  /** Migrations of a newer version that the database has. */
  unknown: string[]
}

interface MigrateOptions {
  /** The folder of the migrations; by default, those of this package. */
  prisma?: string
  signal?: AbortSignal
}

const LOCK = 'chatterie migrations'

/** How long to wait for a connection. */
const patienceMs = 10_000
const lockMs = 50

/**
 * Applies the missing migrations, each in one transaction together with its record, so that one that fails or is killed
 * leaves nothing behind. If several processes start, one applies them and the others wait for it.
 * @throws the signal's reason if aborted while it waits
 */
export async function migrate(
  url: string,
  log: Logger,
  { prisma = prismaFolder, signal }: MigrateOptions = {},
): Promise<Migrated> {
  const migrations = await readMigrations(prisma)
  const client = await connect(url)
  try {
    const { wanted, unknown } = await compare(client, migrations)
    if (unknown.length > 0) log.warn({ unknown }, 'the database is newer than this version of Chatterie')
    if (wanted.length === 0) return { applied: [], unknown }
    await lock(client, log, signal)
    const still = await compare(client, migrations)
    if (still.wanted.length === 0) return { applied: [], unknown }
    const applied = await apply(url, migrations, still.wanted)
    log.info({ applied }, 'database migrated')
    return { applied, unknown }
  } finally {
    await client.end() // releases the lock as well
  }
}

/** @throws Error that says which database could not be used, and why */
async function connect(url: string): Promise<pg.Client> {
  const client = new DatabaseClient({
    connectionString: url,
    application_name: 'chatterie migrations',
    connectionTimeoutMillis: patienceMs,
  })
  try {
    await client.connect()
    return client
  } catch (error) {
    client.end().catch(() => {})
    const where = `${client.database} at ${client.host}:${client.port}`
    // The embedded Postgres has answered before.
    throw new Error(`DATABASE_URL: no connection to ${where}: ${messageOf(error)}`, { cause: error })
  }
}

/** Returns the names of the migrations to apply. @throws if the database's history does not match our files */
async function compare(
  client: pg.Client,
  migrations: MigrationList,
): Promise<{ wanted: string[]; unknown: string[] }> {
  const history = await readHistory(client)
  const failed = history.find((row) => !row.finished)
  if (failed) {
    throw new Error(
      `Migration ${failed.migration_name} failed halfway under another tool: repair the database, then mark it with \`prisma migrate resolve\``,
    )
  }
  const checksums = new Map(history.map((row) => [row.migration_name, row.checksum]))
  const wanted: string[] = []
  for (const { path, migrationFile } of migrations.migrationDirectories) {
    const checksum = checksums.get(path)
    checksums.delete(path)
    if (checksum === undefined) wanted.push(path)
    else if (!isChecksumOf(checksum, migrationFile.content.value)) {
      throw new Error(
        `Migration ${path} was changed after it was applied to this database: restore its migration.sql`,
      )
    }
  }
  return { wanted, unknown: [...checksums.keys()] }
}

async function readHistory(client: pg.Client): Promise<Applied[]> {
  try {
    const { rows } = await client.query<Applied>(
      'select migration_name, checksum, finished_at is not null as finished from _prisma_migrations where rolled_back_at is null',
    )
    return rows
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42P01') return [] // undefined_table: a new database
    throw error
  }
}

/** Compares a checksum as Prisma does, with either kind of line ending, because git may convert them. */
function isChecksumOf(checksum: string, script: string): boolean {
  const unix = script.replaceAll('\r\n', '\n')
  return [script, unix, unix.replaceAll('\n', '\r\n')].some(
    (text) => createHash('sha256').update(text).digest('hex') === checksum,
  )
}

/** Polls for the lock: a waiting statement would itself block migrations that wait for old transactions. */
async function lock(client: pg.Client, log: Logger, signal?: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { rows } = await client.query<{ locked: boolean }>(
      'select pg_try_advisory_lock(hashtext($1)) as locked',
      [LOCK],
    )
    if (rows[0]?.locked) return
    if (attempt === 1) log.info({}, 'another process is migrating the database: waiting')
    signal?.throwIfAborted()
    await sleep(lockMs)
  }
}

async function apply(url: string, migrations: MigrationList, names: string[]): Promise<string[]> {
  const { engine, connection, scriptError, close } = await openSchemaEngine(url)
  try {
    const applied: string[] = []
    for (const name of names) {
      const upToHere = migrations.migrationDirectories.filter(({ path }) => path <= name)
      await connection.query('begin')
      try {
        const input = {
          migrationsList: { ...migrations, migrationDirectories: upToHere },
          filters: everything,
        }
        applied.push(...(await engine.applyMigrations(input)).appliedMigrationNames)
      } catch (error) {
        const cause = scriptError() ?? error
        const [reason = ''] = messageOf(cause).split('\n', 1) // followed by places in the engine
        throw new Error(`Migration ${name} failed, nothing of it was applied: ${reason}`, { cause })
      }
      await connection.query('commit')
    }
    return applied
  } finally {
    await close()
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ') // an address of each kind
  return error instanceof Error ? error.message : String(error)
}
