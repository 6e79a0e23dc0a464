import { type ChildProcess, spawn } from 'node:child_process'
import dns, { type LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { migrate } from '#postgres/migrate.ts'
import { readMigrations } from '#postgres/migrations.ts'
import { everything, openSchemaEngine } from '#postgres/schema-engine.ts'
import { newMigration } from '../../scripts/new-migration.ts'
import { query } from '../support/query.ts'

const installed = 'postgresql://root@127.0.0.1:5432/'
const hasInstalled = await answers(`${installed}test`)
const log = { debug() {}, info: vi.fn(), warn: vi.fn() }

describe.each([
  { server: 'the embedded Postgres', skip: false },
  {
    server: `the Postgres at ${installed}${hasInstalled ? '' : ' (skipped: there is none)'}`,
    skip: !hasInstalled,
  },
])('migrations on $server', ({ server, skip }) => {
  let embedded: { folder: string; postgres: EmbeddedPostgres } | undefined
  let base: string
  let url: string
  let prisma: string

  beforeAll(async () => {
    if (server !== 'the embedded Postgres') {
      base = installed
      return
    }
    const folder = await mkdtemp(join(tmpdir(), 'chatterie-test-'))
    embedded = { folder, postgres: await startEmbeddedPostgres({ folder, log }) }
    base = embedded.postgres.url.replace(/chatterie$/, '')
  })

  afterAll(async () => {
    await embedded?.postgres.stop()
    if (embedded) await rm(embedded.folder, { recursive: true })
  })

  beforeEach(async () => {
    log.info.mockClear()
    log.warn.mockClear()
    const name = `migrate_${Math.random().toString(36).slice(2)}`
    if (!skip) await query(`${base}postgres`, `create database ${name}`)
    url = base + name
    prisma = await mkdtemp(join(tmpdir(), 'chatterie-prisma-'))
    await writeMigration(
      '20260101000000_first',
      "create table room (name text); insert into room values ('a;b')",
    )
    await writeMigration(
      '20260102000000_second',
      'create function two() returns int language plpgsql as $$ begin perform 1; return 2; end; $$',
    )
  })

  afterEach(async () => {
    const name = url.slice(base.length)
    if (!skip) await query(`${base}postgres`, `drop database if exists ${name} with (force)`)
    await rm(prisma, { recursive: true })
  })

  test.skipIf(skip)('are applied in order, once, and recorded as Prisma records them', async () => {
    expect(await migrate(url, log, { prisma })).toEqual({
      applied: ['20260101000000_first', '20260102000000_second'],
      unknown: [],
    })
    expect(await migrate(url, log, { prisma })).toEqual({ applied: [], unknown: [] })
    expect(await query(url, 'select name, two() from room')).toEqual([{ name: 'a;b', two: 2 }])

    const { engine, close } = await openSchemaEngine(url)
    const migrationsList = await readMigrations(prisma)
    const diagnosis = await engine.diagnoseMigrationHistory({
      migrationsList,
      optInToShadowDatabase: false,
      filters: everything,
    })
    await close()
    expect(diagnosis).toMatchObject({ history: null, failedMigrationNames: [], editedMigrationNames: [] })
  })

  test.skipIf(skip)('are applied by one of several processes that start at once', async () => {
    const outputs = await Promise.all(
      [1, 2, 3].map(async () => {
        const child = migrateElsewhere()
        return child.stdout ? JSON.parse(await text(child.stdout)) : null
      }),
    )
    expect(outputs.map((output) => output.applied.length).sort()).toEqual([0, 0, 2])
  })

  test.skipIf(skip)('cost a start one query, and no Prisma engine, when there is nothing to do', async () => {
    await migrate(url, log, { prisma })
    const child = migrateElsewhere("WebAssembly.instantiate = () => { throw new Error('loaded') }")
    expect(child.stdout && (await text(child.stdout))).toBe('{"applied":[],"unknown":[]}')
  })

  test.skipIf(skip)(
    'are refused when one was changed after it was applied, except for line endings',
    async () => {
      await writeMigration('20260101000000_first', 'create table room (name text);\n')
      await migrate(url, log, { prisma })
      await writeMigration('20260101000000_first', 'create table room (name text);\r\n')
      expect(await migrate(url, log, { prisma })).toEqual({ applied: [], unknown: [] })
      await writeMigration('20260101000000_first', 'create table room (title text);\n')
      await expect(migrate(url, log, { prisma })).rejects.toThrow(
        'Migration 20260101000000_first was changed',
      )
    },
  )

  test.skipIf(skip)('leave nothing of one that fails, so that it can be fixed', async () => {
    await writeMigration('20260103000000_third', 'create table half (id int); select 1 / 0')
    await expect(migrate(url, log, { prisma })).rejects.toThrow(
      'Migration 20260103000000_third failed, nothing of it was applied: division by zero',
    )
    await writeMigration('20260103000000_third', 'create table half (id int)')
    expect(await migrate(url, log, { prisma })).toEqual({ applied: ['20260103000000_third'], unknown: [] })
  })

  test.skipIf(skip)('can be waited for, and a stop ends the wait', async () => {
    const holder = new pg.Client({ connectionString: url })
    await holder.connect()
    await holder.query(`select pg_advisory_lock(hashtext('chatterie migrations'))`)
    const stopping = new AbortController()
    const waiting = migrate(url, log, { prisma, signal: stopping.signal })
    const outcome = expect(waiting).rejects.toThrow('stopped')
    await expect.poll(() => log.info.mock.calls.flat()).toContainEqual(expect.stringContaining('waiting'))
    stopping.abort(new Error('stopped'))
    await outcome
    await holder.end()
  })

  test.skipIf(skip)('that the database refuses are explained in one line, which quotes it', async () => {
    const readOnly = `${url}?options=${encodeURIComponent('-c default_transaction_read_only=on')}`
    const failure = await migrate(readOnly, log, { prisma }).catch((error) => error)
    expect(failure.message).toMatch(
      /^Migration 20260101000000_first failed, .+ cannot execute CREATE TABLE in a read-only transaction$/,
    )
  })

  test.skipIf(skip)('leave nothing of one whose process was killed', async () => {
    await writeMigration('20260103000000_third', 'create table half (id int); select pg_sleep(3)')
    const child = migrateElsewhere()
    const isAsleep =
      "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
    await expect.poll(() => query(url, isAsleep)).toHaveLength(1)
    child.kill('SIGKILL')
    await once(child, 'exit')

    await writeMigration('20260103000000_third', 'create table half (id int)')
    expect(await migrate(url, log, { prisma })).toEqual({ applied: ['20260103000000_third'], unknown: [] })
  })

  test.skipIf(skip)('of a newer version of Chatterie are left alone, with a warning', async () => {
    await migrate(url, log, { prisma })
    await rm(join(prisma, 'migrations', '20260102000000_second'), { recursive: true })
    expect(await migrate(url, log, { prisma })).toEqual({ applied: [], unknown: ['20260102000000_second'] })
    expect(log.warn).toHaveBeenCalledWith(
      { unknown: ['20260102000000_second'] },
      expect.stringContaining('newer'),
    )
  })

  test.skipIf(skip)('are not started on a database that another program has filled', async () => {
    await query(url, 'create table foreign_to_us (id int)')
    await expect(migrate(url, log, { prisma })).rejects.toThrow('not empty')
    expect(await query(url, 'select 1 from pg_tables where tablename = $$room$$')).toEqual([])
  })

  async function writeMigration(name: string, sql: string) {
    await mkdir(join(prisma, 'migrations', name), { recursive: true })
    await writeFile(join(prisma, 'migrations', name, 'migration.sql'), sql)
    await writeFile(join(prisma, 'migrations', 'migration_lock.toml'), 'provider = "postgresql"\n')
  }

  /** Migrates in a separate process, which prints the result. */
  function migrateElsewhere(before = ''): ChildProcess {
    const script = `
      import { migrate } from '#postgres/migrate.ts'
      ${before}
      const log = { debug() {}, info() {}, warn() {} }
      process.stdout.write(JSON.stringify(await migrate(${JSON.stringify(url)}, log, ${JSON.stringify({ prisma })})))`
    return spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }
})

test('a database that cannot be reached is named, with the reason and without its password', async () => {
  const away = migrate('postgresql://me:hunter2@127.0.0.1:1/chat', log)
  await expect(away).rejects.toThrow(
    /^DATABASE_URL: no connection to chat at 127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1$/,
  )
})

test('a new migration contains what the schema requires beyond the existing ones, with hand-written parts unchanged', async () => {
  const prisma = await mkdtemp(join(tmpdir(), 'chatterie-prisma-'))
  const schema = 'datasource db {\n provider = "postgresql"\n}\nmodel room {\n id BigInt @id\n name String\n'
  await writeFile(join(prisma, 'schema.prisma'), `${schema}}`)
  const first = await newMigration('first', prisma)
  await writeFile(
    first ?? '',
    'create table room (id bigint primary key, name text not null); create sequence mine; create index by_part on room (name) where id > 1; create index by_lower on room (lower(name));',
  )
  expect(await newMigration('nothing', prisma)).toBeNull()
  await writeFile(join(prisma, 'schema.prisma'), `${schema} topic String?\n}`)
  const second = await newMigration('second', prisma)
  expect(second).toMatch(/migrations\/\d{14}_second\/migration.sql$/)
  expect(await readFile(second ?? '', 'utf8')).toBe(
    '-- AlterTable\nALTER TABLE "room" ADD COLUMN     "topic" TEXT;\n',
  )
  expect(await readdir(join(prisma, 'migrations'))).toHaveLength(3)
  await rm(prisma, { recursive: true })
})

test('the migrations result in the schema', async () => {
  const prisma = await mkdtemp(join(tmpdir(), 'chatterie-prisma-'))
  await cp('prisma', prisma, { recursive: true })
  expect(await newMigration('nothing', prisma)).toBeNull()
  await rm(prisma, { recursive: true })
})

async function answers(url: string): Promise<boolean> {
  return query(url, 'select 1').then(
    () => true,
    () => false,
  )
}

test('a database that is not there is reported by its setting and reason, also if its name has two addresses', async () => {
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
  const answer = (_: string, __: unknown, heard: (error: null, found: LookupAddress[]) => void) =>
    heard(null, addresses)
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation(answer as typeof dns.lookup)
  try {
    await expect(migrate('postgresql://me@two.test:1/chat', log)).rejects.toThrow(
      /^DATABASE_URL: no connection to chat at two.test:1: connect ECONNREFUSED 127\.0\.0\.1:1; connect ECONNREFUSED 127\.0\.0\.2:1$/,
    )
  } finally {
    lookup.mockRestore()
  }
})
