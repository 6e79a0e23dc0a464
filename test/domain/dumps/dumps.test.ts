import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { localOperator } from '#cli/context.ts'
import { findAdministered } from '#data/applications/administered.ts'
import { dumpedTables } from '#data/dumps/tables.ts'
import { listApplications } from '#domain/applications/list-applications.ts'
import { rotateSecret } from '#domain/applications/rotate-secret.ts'
import { checkDump } from '#domain/dumps/check-dump.ts'
import { linesOfDump } from '#domain/dumps/lines-of-dump.ts'
import { restoreApplication } from '#domain/dumps/restore-application.ts'
import { restoreDump } from '#domain/dumps/restore-dump.ts'
import { writeDump } from '#domain/dumps/write-dump.ts'
import { chatterie } from '../../cli/run.ts'
import type { World } from '../../support/test-api.ts'
import { shown } from '../../test-api/furnished.ts'
import { type DumpedServer, dumpServer, isEmpty, key, version } from './dumped.ts'

let dumped: DumpedServer
beforeAll(async () => {
  dumped = await dumpServer()
})
afterEach(() => dumped.forget())
afterAll(() => dumped.close())

/** What is in a dump but for when it was taken. */
async function contentsOf(path: string) {
  const lines = await Array.fromAsync(linesOfDump(path))
  const [first = '', ...rest] = lines.map(String)
  const { takenTime: _, ...header } = JSON.parse(first)
  const { sha256: __, ...manifest } = JSON.parse(rest.at(-1) ?? '')[1]
  return { header, manifest, lines: rest.slice(0, -1).toSorted() }
}

describe('a dump', () => {
  it('has rows of every table that is worth keeping, and the contents of files', async () => {
    const { manifest, header } = await checkDump(dumped.whole)
    expect(header).toMatchObject({ chatterie: version, scope: 'server' })
    const missing = [...dumpedTables.keys()].filter((name) => !manifest.tables[name])
    expect(missing).toEqual([])
    expect(manifest.files).toBeGreaterThan(0)
    expect(manifest.missingFiles).toBe(0)
  })

  it('of one application has nothing of others', async () => {
    const { manifest } = await checkDump(dumped.one)
    expect(manifest.applications).toEqual([{ id: dumped.world.applicationId, name: expect.any(String) }])
    const { lines } = await contentsOf(dumped.one)
    expect(lines.filter((line) => line.includes('a\u2028b'))).toEqual([])
    await expect(
      writeDump(dumped.server.ctx, join(dumped.folder, 'none'), { version, applicationId: 99 }),
    ).rejects.toThrow('application 99 does not exist')
    expect(await readdir(dumped.folder)).not.toContain('none.part')
  })

  it('contains no secret in plain text, and is readable by its owner only', async () => {
    const text = (await contentsOf(dumped.whole)).lines.join('\n')
    expect(text).not.toContain(dumped.world.clientSecret)
    expect(text).not.toContain(dumped.world.accessToken)
    const { mode } = await stat(dumped.whole)
    expect(mode & 0o077).toBe(0)
  })
})

describe('a restored dump', () => {
  it.each(['whole', 'one'] as const)('is the same in an empty database, with all ids: %s', async (name) => {
    const path = dumped[name]
    const { ctx } = await dumped.elsewhere()
    await restoreDump(ctx, await checkDump(path))
    const again = join(dumped.folder, `again-${name}.gz`)
    const options = name === 'one' ? { version, applicationId: dumped.world.applicationId } : { version }
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
    const restored = await restoreApplication(dumped.server.ctx, await checkDump(dumped.one), name, (rows) =>
      progress.push(rows),
    )
    expect(restored.id).not.toBe(dumped.world.applicationId)
    const { rows: buckets } = await dumped.server.ctx.db.pool.query(
      `select messages from statistics_bucket where application_id = $1 and start = '2026-01-01T10:00:00Z'`,
      [restored.id],
    )
    expect(buckets).toEqual([{ messages: '7' }])
    expect(progress.at(-1)).toBeGreaterThan(20)
    const { body: token } = await supertest(dumped.server.url)
      .post('/oauth/token')
      .auth(restored.clientId, restored.clientSecret)
      .type('form')
      .send({ grant_type: 'client_credentials' })
      .expect(200)
    const copy = { accessToken: token.access_token }
    expect(await shown(dumped.server, copy)).toEqual(await shown(dumped.server, dumped.world))
    const { body } = await dumped.server
      .as(copy as World)
      .get('/users?size=50')
      .expect(200)
    const jane = body._embedded.users.find(({ name }: { name: string }) => name === 'jane')
    const secrets = await dumped.server.ctx.db.pool.query('select name from user_secret where user_id = $1', [
      jane.id,
    ])
    for (const { name } of secrets.rows) {
      await dumped.server
        .as(copy as World)
        .get(`/users/${jane.id}/secrets/${name}`)
        .expect(200)
    }
  })

  it('has its own client for its client, not that of its functions, which is as old', async () => {
    const { rows } = await dumped.server.ctx.db.pool.query(
      `select application_id as id from credential where client_id like '%-runtime' and application_id = $1`,
      [dumped.world.applicationId],
    )
    expect(rows, 'the original has functions').toHaveLength(1)
    const dump = await checkDump(dumped.one)
    // The client id is random, and before or after that of the functions.
    for (const name of Array.from({ length: 8 }, (_, at) => `Copy ${at}`)) {
      const { id, clientId } = await restoreApplication(dumped.server.ctx, dump, name)
      const listed = (await listApplications(dumped.server.ctx)).find((each) => each.id === id)
      expect(listed?.clientId).toBe(clientId)
      expect((await findAdministered(dumped.server.ctx.db, id))?.clientId).toBe(clientId)
      expect((await rotateSecret(dumped.server.ctx, localOperator(), String(id), {})).clientId).toBe(clientId)
    }
  })
})

describe('chatterie', () => {
  it('dumps while a server is running, and restores', async () => {
    const { settings, ctx } = await dumped.elsewhere()
    const file = join(dumped.folder, 'by-command.zst')
    const source = { DATABASE_URL: dumped.server.ctx.db.pool.options.connectionString ?? '' }
    const { home } = dumped.server.ctx.config
    const at = { ...source, CHATTERIE_HOME: home, CHATTERIE_ENCRYPTION_KEY: key }
    const written = await chatterie(['dump', file, '--application', dumped.world.clientId, '--json'], at)
    expect(written).toMatchObject({ code: 0, stderr: '' })
    const { applications, files } = JSON.parse(written.stdout)
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
    const none = await chatterie(['restore', join(dumped.folder, 'nowhere')], settings)
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('nowhere') })
  })
})
