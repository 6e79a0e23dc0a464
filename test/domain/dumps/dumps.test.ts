// Dumps: everything, or one application, as a file that another database can have.
import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress, gunzipSync, gzipSync } from 'node:zlib'
import { pino } from 'pino'
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { localOperator } from '#cli/context.ts'
import { readConfig } from '#config.ts'
import { type Context, openContext } from '#context.ts'
import { findAdministered } from '#data/applications/administered.ts'
import { dumpedTables } from '#data/dumps/tables.ts'
import { listApplications } from '#domain/applications/list-applications.ts'
import { rotateSecret } from '#domain/applications/rotate-secret.ts'
import { checkDump } from '#domain/dumps/check-dump.ts'
import { linesOfDump } from '#domain/dumps/lines-of-dump.ts'
import { restoreApplication } from '#domain/dumps/restore-application.ts'
import { restoreDump } from '#domain/dumps/restore-dump.ts'
import { writeDump } from '#domain/dumps/write-dump.ts'
import { checkKeys } from '#domain/keys/check-keys.ts'
import { chatterie } from '../../cli/run.ts'
import { cloneDatabase } from '../../support/server.ts'
import { startTestApi, type TestApiServer, type World } from '../../support/test-api.ts'
import { allPublished, everything, furnish, shown } from '../../test-api/furnished.ts'

const key = randomBytes(32).toString('base64')
const version = '1.2.3'

let server: TestApiServer
let world: World
let folder: string
let whole: string
let one: string
const gone: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatterie-dumps-'))
  server = await startTestApi({ CHATTERIE_ENCRYPTION_KEY: key })
  await checkKeys(server.ctx) // as at each start
  world = await server.createWorld({ seed: everything })
  await furnish(server, world)
  await server.main.post('/users', { name: 'odd', displayName: 'a\u2028b \\ "c"\u0001\n', isGuest: false })
  await server.ctx.db.pool.query(`
    insert into operator (username, role, application_ids) values ('owner', 'owner', '{1}');
    insert into admin_key (hash, name, hint, role, created_by) values ('\\x01', 'ci', 'ck_', 'viewer', 'owner');
    insert into audit_entry (actor_type, actor_name, action) values ('system', 'x', 'key.created');
    insert into statistics_due (interval, start) values ('hour', '2026-01-01T10:00:00Z') on conflict do nothing;
    insert into statistics_bucket values (${world.applicationId}, 'hour', '2026-01-01T10:00:00Z', 7, 1, 1, 1);
    insert into request_hour (application_id, start, requests, durations)
      values (${world.applicationId}, '2026-01-01T10:00:00Z', 3, '{1,2}')`)
  await allPublished(server)
  whole = join(folder, 'whole.gz')
  one = join(folder, 'one.zst')
  await writeDump(server.ctx, whole, { version })
  await writeDump(server.ctx, one, { version, applicationId: world.applicationId })
})
afterEach(async () => {
  for (const close of gone.splice(0).reverse()) await close()
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

/** Another database, with nothing in it, and a home of its own. */
async function elsewhere(settings: Record<string, string> = { CHATTERIE_ENCRYPTION_KEY: key }) {
  const { url, drop } = await cloneDatabase()
  const home = await mkdtemp(join(folder, 'home-'))
  const ctx = openContext(readConfig({ CHATTERIE_HOME: home, ...settings }), pino({ level: 'silent' }), url)
  gone.push(drop, () => ctx.db.close())
  return { ctx, url, home, settings: { DATABASE_URL: url, CHATTERIE_HOME: home, ...settings } }
}

/** What is in a dump but for when it was taken. */
async function contentsOf(path: string) {
  const lines = await Array.fromAsync(linesOfDump(path))
  const [first = '', ...rest] = lines.map(String)
  const { takenTime: _, ...header } = JSON.parse(first)
  const { sha256: __, ...manifest } = JSON.parse(rest.at(-1) ?? '')[1]
  return { header, manifest, lines: rest.slice(0, -1).toSorted() }
}

/** Calls `work` with a signal, and with what aborts it. */
function interrupted<T>(work: (signal: AbortSignal, stop: () => void) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  return work(controller.signal, () => controller.abort(new Error('stopped')))
}

async function isEmpty({ db }: Context): Promise<boolean> {
  const { rows } = await db.pool.query(
    'select (select count(*) from application) + (select count(*) from message) + (select count(*) from encryption_key) as rows',
  )
  return Number(rows[0].rows) === 0
}

async function filesIn(home: string): Promise<number> {
  const found = await readdir(join(home, 'files'), { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter((entry) => entry.isFile()).length
}

describe('a dump', () => {
  it('has rows of every table that is worth keeping, and the contents of files', async () => {
    const { manifest, header } = await checkDump(whole)
    expect(header).toMatchObject({ chatterie: version, scope: 'server' })
    const missing = [...dumpedTables.keys()].filter((name) => !manifest.tables[name])
    expect(missing).toEqual([])
    expect(manifest.files).toBeGreaterThan(0)
    expect(manifest.missingFiles).toBe(0)
  })

  it('of one application has nothing of others', async () => {
    const { manifest } = await checkDump(one)
    expect(manifest.applications).toEqual([{ id: world.applicationId, name: expect.any(String) }])
    const { lines } = await contentsOf(one)
    expect(lines.filter((line) => line.includes('a\u2028b'))).toEqual([])
    await expect(writeDump(server.ctx, join(folder, 'none'), { version, applicationId: 99 })).rejects.toThrow(
      'application 99 does not exist',
    )
    expect(await readdir(folder)).not.toContain('none.part')
  })

  it('contains no secret in plain text, and is readable by its owner only', async () => {
    const text = (await contentsOf(whole)).lines.join('\n')
    expect(text).not.toContain(world.clientSecret)
    expect(text).not.toContain(world.accessToken)
    const { mode } = await (await import('node:fs/promises')).stat(whole)
    expect(mode & 0o077).toBe(0)
  })
})

describe('a restored dump', () => {
  it.each(['whole', 'one'] as const)('is the same in an empty database, with all ids: %s', async (name) => {
    const path = { whole, one }[name]
    const { ctx } = await elsewhere()
    await restoreDump(ctx, await checkDump(path))
    const again = join(folder, `again-${name}.gz`)
    const options = name === 'one' ? { version, applicationId: world.applicationId } : { version }
    await writeDump(ctx, again, options)
    const [before, after] = [await contentsOf(path), await contentsOf(again)]
    expect(after.lines).toEqual(before.lines)
    expect(after).toEqual(before)
    const { rows } = await ctx.db.pool.query(`select nextval('message_id') as next`)
    expect(Number(rows[0].next)).toBe((before.manifest.sequences.message_id ?? 0) + 1)
  })

  it('is the same beside others under another name, with new ids', async () => {
    const name = 'Another \u{1F30D}'
    const progress: number[] = []
    const restored = await restoreApplication(server.ctx, await checkDump(one), name, (rows) =>
      progress.push(rows),
    )
    expect(restored.id).not.toBe(world.applicationId)
    const { rows: buckets } = await server.ctx.db.pool.query(
      `select messages from statistics_bucket where application_id = $1 and start = '2026-01-01T10:00:00Z'`,
      [restored.id],
    )
    expect(buckets).toEqual([{ messages: '7' }])
    expect(progress.at(-1)).toBeGreaterThan(20)
    const { body: token } = await supertest(server.url)
      .post('/oauth/token')
      .auth(restored.clientId, restored.clientSecret)
      .type('form')
      .send({ grant_type: 'client_credentials' })
      .expect(200)
    const copy = { accessToken: token.access_token }
    expect(await shown(server, copy)).toEqual(await shown(server, world))
    const { body } = await server
      .as(copy as World)
      .get('/users?size=50')
      .expect(200)
    const jane = body._embedded.users.find(({ name }: { name: string }) => name === 'jane')
    const secrets = await server.ctx.db.pool.query('select name from user_secret where user_id = $1', [
      jane.id,
    ])
    for (const { name } of secrets.rows) {
      await server
        .as(copy as World)
        .get(`/users/${jane.id}/secrets/${name}`)
        .expect(200)
    }
  })

  it('has its own client for its client, not that of its functions, which is as old', async () => {
    const { rows } = await server.ctx.db.pool.query(
      `select application_id as id from credential where client_id like '%-runtime' and application_id = $1`,
      [world.applicationId],
    )
    expect(rows, 'the original has functions').toHaveLength(1)
    const dumped = await checkDump(one)
    // The client id is random, and before or after that of the functions.
    for (const name of Array.from({ length: 8 }, (_, at) => `Copy ${at}`)) {
      const { id, clientId } = await restoreApplication(server.ctx, dumped, name)
      const listed = (await listApplications(server.ctx)).find((each) => each.id === id)
      expect(listed?.clientId).toBe(clientId)
      expect((await findAdministered(server.ctx.db, id))?.clientId).toBe(clientId)
      expect((await rotateSecret(server.ctx, localOperator(), String(id), {})).clientId).toBe(clientId)
    }
  })
})

describe('nothing is written', () => {
  it('of a dump that was cut off or altered', async () => {
    const { ctx, home } = await elsewhere()
    const bytes = await readFile(whole)
    const text = gunzipSync(bytes).toString('utf8')
    const lines = text.split('\n')
    const broken = [
      bytes.subarray(0, bytes.length - 10),
      bytes.subarray(0, bytes.length / 2),
      gzipSync(lines.slice(0, -3).join('\n')),
      gzipSync(text.replace('Ahoy', () => 'Ahoi')),
      gzipSync(lines.toSpliced(4, 1).join('\n')),
      gzipSync('{"format":"chatterie-dump"'),
      Buffer.from(text),
      Buffer.alloc(0),
    ]
    for (const [at, content] of broken.entries()) {
      const path = join(folder, `broken-${at}`)
      await writeFile(path, content)
      await expect(checkDump(path), `${at}`).rejects.toThrow(
        /cut off or altered|is not a dump|cannot read it/,
      )
    }
    expect([await isEmpty(ctx), await filesIn(home)]).toEqual([true, 0])
  })

  /** A dump that somebody wrote by hand: its manifest is right. */
  async function forged(name: string, change: (lines: string[]) => string[], columns: object = {}) {
    const [first = '', ...rest] = gunzipSync(await readFile(whole))
      .toString('utf8')
      .trimEnd()
      .split('\n')
    const header = JSON.parse(first)
    const lines = change([
      JSON.stringify({ ...header, columns: { ...header.columns, ...columns } }),
      ...rest.slice(0, -1),
    ])
    const body = lines.map((line) => `${line}\n`).join('')
    const [, manifest] = JSON.parse(rest.at(-1) ?? '')
    const sha256 = createHash('sha256').update(body).digest('hex')
    const end = JSON.stringify([
      'end',
      { ...manifest, files: manifest.files + (name === 'file' ? 1 : 0), sha256 },
    ])
    const path = join(folder, `forged-${name}.gz`)
    await writeFile(path, gzipSync(`${body}${end}\n`))
    return path
  }

  it('of a dump that was crafted to do harm', async () => {
    const { ctx, home } = await elsewhere()
    const last = (line: string) => (lines: string[]) => [...lines, line]
    const second = (line: string) => (lines: string[]) => lines.toSpliced(1, 0, line)
    const climbing = `["bytes","../../../climbing","${btoa('x')}"]`
    for (const [name, path] of [
      ['file', await forged('file', second(climbing))],
      ['table', await forged('table', last('["lease",{"name":"events"}]'))],
      ['table', await forged('prototype', last('["__proto__",{"name":"events"}]'))],
      ['nothing', await forged('nothing', last('{}'))],
      ['columns', await forged('columns', (lines) => lines, { lease: ['name'] })],
      [
        'type',
        await forged('type', (lines) =>
          lines.map((line) => line.replace('["user",{"id":', () => '["user",{"id":{},"id2":')),
        ),
      ],
    ] as const) {
      const restored = checkDump(path).then((dump) => restoreDump(ctx, dump))
      await expect(restored, name).rejects.toThrow(
        /cut off or altered|cannot be a file|cannot read it|invalid/,
      )
    }
    expect([await isEmpty(ctx), await filesIn(home)]).toEqual([true, 0])
  })

  it('of a dump whose ids would exhaust those of others, and of a line without an end', async () => {
    const dump = await checkDump(one)
    const ids = { ...dump.manifest.ids, message: [1, Number.MAX_SAFE_INTEGER] as [number, number] }
    const far = { ...dump, manifest: { ...dump.manifest, ids } }
    await expect(restoreApplication(server.ctx, far, 'Far')).rejects.toThrow('too far apart')
    const endless = join(folder, 'endless.zst')
    await pipeline(
      Readable.from(Array.from({ length: 300 }, () => Buffer.alloc(1_048_576, 'x'))),
      createZstdCompress(),
      createWriteStream(endless),
    )
    await expect(checkDump(endless)).rejects.toThrow('too long for a dump')
  })

  it('of a dump of another version with an incompatible format', async () => {
    const [first = '', ...rest] = gunzipSync(await readFile(whole))
      .toString('utf8')
      .split('\n')
    const header = JSON.parse(first)
    for (const change of [{ version: 2 }, { columns: { ...header.columns, user: ['id', 'colour'] } }]) {
      const path = join(folder, 'newer.gz')
      await writeFile(path, gzipSync([JSON.stringify({ ...header, ...change }), ...rest].join('\n')))
      await expect(checkDump(path)).rejects.toThrow(
        'was written by Chatterie 1.2.3, and this version cannot read it',
      )
    }
  })

  it('where the database is not empty, or the key of its secrets is missing', async () => {
    const dump = await checkDump(whole)
    await expect(restoreDump(server.ctx, dump)).rejects.toThrow('The database is not empty')
    const { ctx, home } = await elsewhere({
      CHATTERIE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    })
    await expect(restoreDump(ctx, dump)).rejects.toThrow('CHATTERIE_ENCRYPTION_KEY is wrong')
    expect([await isEmpty(ctx), await filesIn(home)]).toEqual([true, 0])
  })

  it('of a restore that is interrupted, neither rows nor files', async () => {
    const { ctx, home } = await elsewhere()
    const stopped = AbortSignal.abort(new Error('stopped'))
    const [server, application] = [await checkDump(whole), await checkDump(one)]
    for (const restore of [
      () => restoreDump(ctx, server, undefined, stopped),
      () => restoreApplication(ctx, application, 'Copy', undefined, stopped),
      () => interrupted((signal, stop) => restoreDump(ctx, server, stop, signal)),
    ]) {
      await expect(restore()).rejects.toThrow('stopped')
      expect(await isEmpty(ctx)).toBe(true)
      expect(await filesIn(home)).toBe(0)
    }
  })

  it('of a dump that is interrupted', async () => {
    const path = join(folder, 'interrupted.gz')
    const dumped = interrupted((signal, onProgress) =>
      writeDump(server.ctx, path, { version, signal, onProgress }),
    )
    await expect(dumped).rejects.toThrow('aborted')
    expect((await readdir(folder)).filter((name) => name.includes('interrupted'))).toEqual([])
  })

  it('of a whole server under another name', async () => {
    const dump = await checkDump(whole)
    await expect(restoreApplication(server.ctx, dump, 'Copy')).rejects.toThrow('dump the application alone')
  })
})

describe('chatterie', () => {
  it('dumps while a server is running, and restores', async () => {
    const { settings, ctx } = await elsewhere()
    const file = join(folder, 'by-command.zst')
    const source = { DATABASE_URL: server.ctx.db.pool.options.connectionString ?? '' }
    const { home } = server.ctx.config
    const at = { ...source, CHATTERIE_HOME: home, CHATTERIE_ENCRYPTION_KEY: key }
    const dumped = await chatterie(['dump', file, '--application', world.clientId, '--json'], at)
    expect(dumped).toMatchObject({ code: 0, stderr: '' })
    const { applications, files } = JSON.parse(dumped.stdout)
    expect(applications).toHaveLength(1)
    const restored = await chatterie(['restore', file], settings)
    expect(restored).toMatchObject({ code: 0, stderr: '' })
    expect(restored.stdout).toContain(`${files} files.`)
    expect(await isEmpty(ctx)).toBe(false)
    const twice = await chatterie(['restore', file, '--json'], settings)
    expect(twice.code).toBe(1)
    expect(JSON.parse(twice.stderr).error).toContain('The database is not empty')
    const beside = await chatterie(['restore', file, '--as', 'Twin', '--json'], settings)
    expect(JSON.parse(beside.stdout)).toMatchObject({
      id: expect.any(Number),
      clientSecret: expect.any(String),
    })
    const none = await chatterie(['restore', join(folder, 'nowhere')], settings)
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('nowhere') })
  })
})
