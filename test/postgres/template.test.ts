import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { openCache } from '#cache.ts'
import { startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { pack } from '#postgres/packed.ts'
import { query } from '../support/query.ts'

/** A folder with a template in its cache. */
let made: string
let folder: string
let fills: number
let warnings: unknown[]
const log = { debug() {}, info() {}, warn: (warning: unknown) => warnings.push(warning) }

const newFolder = async () => realpath(await mkdtemp(join(tmpdir(), 'chatterie-template-')))

beforeAll(async () => {
  made = folder = await newFolder()
  await run('one')
})
afterAll(() => rm(made, { recursive: true, force: true, maxRetries: 5 }))
beforeEach(async () => {
  folder = await newFolder()
  fills = 0
  warnings = []
})
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

const cache = () => join(folder, 'cache')
const home = (name: string) => join(folder, name)

async function fill(url: string): Promise<void> {
  fills++
  await query(url, "create table _prisma_migrations as select 'first' as id")
}

function start(name: string, { ephemeral = true, packed }: { ephemeral?: boolean; packed?: string } = {}) {
  return startEmbeddedPostgres({
    folder: home(name),
    log,
    ephemeral,
    template: { cache: cache(), version: 'of this test', fill, packed },
  })
}

/** Starts and stops Postgres. @returns its password, and the id in its migrations table */
async function run(name: string, packed?: string): Promise<{ password: string; id: unknown }> {
  const postgres = await start(name, packed === undefined ? {} : { packed })
  try {
    const [row] = await query(postgres.url, 'select id from _prisma_migrations')
    return { password: new URL(postgres.url).password, id: row?.id }
  } finally {
    await postgres.stop()
  }
}

async function template(inCache = cache()): Promise<string> {
  const [name = ''] = (await readdir(join(inCache, 'clusters'))).filter((each) => each !== 'lock')
  return join(inCache, 'clusters', name)
}

const madeTemplate = () => template(join(made, 'cache'))

/** Copies a template into the cache, as if an earlier start had created it. */
async function putTemplate(): Promise<void> {
  await copy(join(made, 'cache'), cache())
}

/** Copies with `cp -a`, which keeps the owner if the tests run as root. */
async function copy(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
}

async function zero(control: string): Promise<void> {
  await writeFile(control, (await readFile(control)).fill(0))
}

it('is created once, by one of several concurrent starts, and gives each a separate cluster', async () => {
  const made = await Promise.all(['one', 'two', 'three'].map((name) => run(name)))
  expect(fills).toBe(1)
  for (const field of ['password', 'id'] as const) {
    expect(new Set(made.map((each) => each[field])).size).toBe(3)
  }
  expect(await run('one')).toEqual(made[0])
  const kept = await readFile(join(await template(), 'password'), 'utf8')
  expect(made.map(({ password }) => password)).not.toContain(kept.trim())
})

const damages: [what: string, damage: (control: string) => Promise<void>][] = [
  ['it is incomplete', (control) => truncate(control, 100)],
  ['Postgres rejects it', zero],
]

it.each(damages)('is skipped, and created again, when %s', async (_, damage) => {
  await putTemplate()
  await damage(join(await template(), 'data', 'global', 'pg_control'))
  const postgres = await start('two')
  expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
  await postgres.stop()
  expect(warnings).toHaveLength(1)
  await run('three')
  expect(fills).toBe(1)
})

it('is unpacked where the package contains one, with a new password', async () => {
  const source = await madeTemplate()
  const packed = join(folder, 'cluster.zst')
  await writeFile(packed, pack(join(source, 'data')))
  const [one, two] = [await run('one', packed), await run('two', packed)]
  expect(fills).toBe(0)
  expect(one.id).not.toBe(two.id)
  const passwords = [one, two].map(({ password }) => password)
  for (const place of [source, await template()]) {
    passwords.push((await readFile(join(place, 'password'), 'utf8')).trim())
  }
  expect(new Set(passwords).size).toBe(4)
})

const wrongs: [what: string, make: () => Promise<Buffer>][] = [
  ['cannot be read', async () => Buffer.from('nothing of the kind')],
  [
    'Postgres rejects',
    async () => {
      const data = home('packed')
      await copy(join(await madeTemplate(), 'data'), data)
      await zero(join(data, 'global', 'pg_control'))
      return pack(data)
    },
  ],
]

it.each(wrongs)('is initialised and filled where the package contains one that %s', async (_, make) => {
  const packed = join(folder, 'cluster.zst')
  await writeFile(packed, await make())
  expect((await run('one', packed)).id).toBeTruthy()
  expect(fills).toBe(1)
  expect(warnings).toEqual([])
})

it('leaves a start that was interrupted before the copy had its own password to the next one', async () => {
  await putTemplate()
  const source = await template()
  await (await start('two')).stop()
  // As if the password had been changed in Postgres, but not in the password file.
  const changed = await readFile(join(home('two'), 'password'), 'utf8')
  await writeFile(join(home('two'), 'password.next'), changed)
  await writeFile(join(home('two'), 'password'), await readFile(join(source, 'password')))
  expect((await run('two')).password).toBe(changed.trim())
})

it('starts over where a start was interrupted before its copy was on the disk', async () => {
  await putTemplate()
  const first = await start('one', { ephemeral: false })
  await first.safe
  await query(first.url, "insert into _prisma_migrations values ('told to nobody')")
  await first.stop()
  expect(await readdir(home('one'))).not.toContain('copying')

  await writeFile(join(home('one'), 'copying'), '') // exists until the copy is on the disk
  const second = await start('one', { ephemeral: false })
  const rows = await query(second.url, 'select id from _prisma_migrations')
  await second.stop()
  expect(second.isCopy).toBe(true)
  expect(rows).toHaveLength(1)
  expect(new URL(second.url).password).not.toBe(new URL(first.url).password)
})

it('is not stored where others can write', async () => {
  expect(openCache(cache())).toBe(cache())
  await chmod(cache(), 0o777)
  expect(openCache(cache())).toBeNull()
  await chmod(cache(), 0o700)
  await chmod(folder, 0o777)
  expect(openCache(cache())).toBeNull()
  await chmod(folder, 0o700)
  await writeFile(join(folder, 'file'), '')
  expect(openCache(join(folder, 'file'))).toBeNull()
})
