// Secrets at rest, and the keys that they are sealed with.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Context } from '#context.ts'
import { checkKeys } from '#domain/keys/check-keys.ts'
import { resealAll } from '#domain/keys/reseal-all.ts'
import { sealPlainSecrets } from '#domain/keys/seal-plain-secrets.ts'
import { aboutWebhook } from '#domain/webhooks/webhook-secrets.ts'
import { openVault } from '#secrets/vault.ts'
import { createAdmin } from '../../support/admin.ts'
import { createUser } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const [first, second, stranger] = [randomBytes(32), randomBytes(32), randomBytes(32)]

let server: TestServer
beforeAll(async () => {
  server = await startServer({ CHATTERIE_ENCRYPTION_KEY: first.toString('base64') })
})
afterAll(() => server.close())
beforeEach(async () => {
  await server.ctx.db.pool.query('truncate encryption_key, user_secret')
  await server.ctx.db.pool.query('delete from webhook')
  await server.ctx.db.pool.query('update runtime set environment = null')
})

/** What another process would have, whose ring is this one. */
function withKeys(...encryptionKeys: Buffer[]): Context {
  const config = { ...server.ctx.config, encryptionKeys }
  return { ...server.ctx, config, vault: openVault(config) }
}

const idOf = async (key: Buffer) => (await withKeys(key).vault.keyIds())[0]

async function createWebhook(): Promise<{ id: number; secret: string }> {
  const admin = await createAdmin(server, 'developer')
  const body = { url: 'https://example.com', events: ['*'] }
  return (await admin.post(`/applications/${server.main.id}/webhooks`, body).expect(201)).body
}

/** Every row of every table, as text. */
async function wholeDatabase(): Promise<string> {
  const { rows: tables } = await server.ctx.db.pool.query(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  )
  const texts = tables.map(({ name }) =>
    server.ctx.db.pool.query(`select coalesce(string_agg(t::text, ' '), '') as text from ${name} t`),
  )
  return (await Promise.all(texts)).map(({ rows }) => rows[0].text).join(' ')
}

describe('a secret', () => {
  it('is nowhere in the database in plain text: of a user, function, webhook, client or operator, a token', async () => {
    const { main } = server
    const webhook = await createWebhook()
    const password = 'secret of an operator'
    const owner = await createAdmin(server, 'owner')
    const { body: key } = await owner.post('/keys', { name: 'a key', role: 'viewer' }).expect(201)
    await owner.post('/operators', { username: 'jane', role: 'viewer', password }).expect(201)
    const user = await createUser(main)
    await main.put(`/users/${user.id}/secrets/pin`, { secret: { code: 'secret-of-a-user' } }).expect(200)
    await main
      .put('/runtimes/nodejs/environment-variables', { API_KEY: 'secret-of-a-function' })
      .expect((answer) => expect(answer.status).toBeLessThan(300))
    const text = await wholeDatabase()
    expect(text).toContain(user.name) // or it would not be the whole database
    expect(text).toContain(Buffer.from(await idOf(first), 'hex').toString('hex')) // sealed
    const ours = [webhook.secret, password, key.key, main.clientSecret, main.token]
    for (const secret of ['secret-of-a-user', 'secret-of-a-function', ...ours]) {
      expect(secret).toMatch(/.{12}/)
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(secret).toString('hex'))
    }
  })

  it('can be opened for its own user and name only', async () => {
    const { main, ctx } = server
    const [jane, john] = [await createUser(main), await createUser(main)]
    await main.put(`/users/${jane.id}/secrets/pin`, { secret: 'of jane' }).expect(200)
    await ctx.db.pool.query(
      `insert into user_secret (user_id, name, sealed) select $1, name, sealed from user_secret`,
      [john.id],
    )
    await main.get(`/users/${jane.id}/secrets/pin`).expect(200)
    const { body } = await main.get(`/users/${john.id}/secrets/pin`).expect(500)
    expect(JSON.stringify(body)).not.toContain('of jane')
  })

  it('from before secrets were encrypted is still read, and is encrypted after a start', async () => {
    const { main, ctx } = server
    const user = await createUser(main)
    const values = ['text', 7, false, null, ['a'], { __proto: { a_b: 1 } }]
    const all = Array.from({ length: 450 }, (_, nth) => values[nth % values.length])
    await ctx.db.pool.query(
      `insert into user_secret (user_id, name, secret)
       select $1, 'secret ' || (n - 1), value from jsonb_array_elements($2::jsonb) with ordinality v (value, n)`,
      [user.id, JSON.stringify(all)],
    )
    const read = async (nth: number) =>
      (await main.get(`/users/${user.id}/secrets/secret ${nth}`)).body.secret
    for (const [nth, value] of values.entries()) expect(await read(nth)).toEqual(value)
    await sealPlainSecrets(ctx, new AbortController().signal)
    const { rows } = await ctx.db.pool.query(
      'select count(*)::int as plain from user_secret where secret is not null',
    )
    expect(rows).toEqual([{ plain: 0 }])
    for (const [nth, value] of values.entries()) expect(await read(nth)).toEqual(value)
    expect(await read(449)).toEqual(all[449])
  })

  it('that a process of the previous version has set is the one that is read', async () => {
    const { main, ctx } = server
    const user = await createUser(main)
    const path = `/users/${user.id}/secrets/pin`
    await main.put(path, { secret: 'older' }).expect(200)
    await ctx.db.pool.query(`update user_secret set secret = '"newer"' where user_id = $1`, [user.id])
    expect((await main.get(path)).body.secret).toBe('newer')
    await sealPlainSecrets(ctx, new AbortController().signal)
    expect((await main.get(path)).body.secret).toBe('newer')
    await main.put(path, { secret: 'newest' }).expect(200)
    expect((await main.get(path)).body.secret).toBe('newest')
  })
})

describe('a start', () => {
  it('is refused with another key than that of the database, before anything is encrypted', async () => {
    await checkKeys(withKeys(first))
    await checkKeys(withKeys(first))
    const id = await idOf(first)
    for (const wrong of [[stranger], [stranger, second]]) {
      await expect(checkKeys(withKeys(...wrong))).rejects.toThrow(
        `CHATTERIE_ENCRYPTION_KEY is wrong: secrets of this database are sealed with another key (id ${id})`,
      )
    }
    await checkKeys(withKeys(stranger, first))
  })

  it('is refused with another key in its home folder', async () => {
    await checkKeys(withKeys(first))
    const { encryptionKeys: _, ...config } = server.ctx.config
    const ctx = { ...server.ctx, config, vault: openVault(config) }
    await expect(checkKeys(ctx)).rejects.toThrow(
      /encryption-key is not the one that secrets of this database/,
    )
  })

  it('is refused with another key where the database is of a version that recorded no keys', async () => {
    await server.main.put('/runtimes/nodejs/environment-variables', { A: 'b' })
    await server.ctx.db.pool.query('truncate encryption_key')
    await expect(checkKeys(withKeys(stranger))).rejects.toThrow('sealed with another key')
    await checkKeys(withKeys(first))
  })

  it('of several at once with different keys succeeds for one key', async () => {
    const outcomes = await Promise.allSettled(
      [first, second, stranger].map((key) => checkKeys(withKeys(key))),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

describe('re-encryption', () => {
  it('leaves nothing that needs another key than the first, and all secrets unchanged', async () => {
    const { main, ctx } = server
    await checkKeys(ctx)
    const users = await Promise.all(Array.from({ length: 3 }, () => createUser(main)))
    for (const user of users) {
      for (let nth = 0; nth < 2; nth++) {
        await main.put(`/users/${user.id}/secrets/s${nth}`, { secret: `${user.id} ${nth}` }).expect(200)
      }
    }
    await main.put('/runtimes/nodejs/environment-variables', { A: 'b' })
    const plain = users[0]
    await ctx.db.pool.query(`insert into user_secret (user_id, name, secret) values ($1, 'old', '1')`, [
      plain?.id,
    ])

    const webhook = await createWebhook()

    const rotated = withKeys(second, first)
    await checkKeys(rotated)
    expect(await resealAll(rotated, false)).toEqual({
      key: await idOf(second),
      resealed: 9,
      unreadable: 0,
      forgotten: [await idOf(first)],
    })
    expect(await resealAll(rotated, false)).toMatchObject({ resealed: 0, forgotten: [] })
    const alone = withKeys(second)
    await checkKeys(alone)
    await expect(checkKeys(withKeys(first))).rejects.toThrow('CHATTERIE_ENCRYPTION_KEY is wrong')
    expect(await resealAll(withKeys(first, second), false)).toMatchObject({ resealed: 9, unreadable: 0 })
    for (const user of users) {
      for (let nth = 0; nth < 2; nth++) {
        const { body } = await main.get(`/users/${user.id}/secrets/s${nth}`).expect(200)
        expect(body.secret).toBe(`${user.id} ${nth}`)
      }
    }
    const { body } = await main.get('/runtimes/nodejs').expect(200)
    expect(JSON.stringify(body)).toContain('"A":"b"')
    const { rows } = await ctx.db.pool.query('select secret from webhook')
    expect(await withKeys(first).vault.open(rows[0].secret, aboutWebhook(webhook.id))).toBe(webhook.secret)
  })

  it('discards what no key opens only with an explicit option', async () => {
    const { main, ctx } = server
    await checkKeys(ctx)
    const user = await createUser(main)
    await main.put(`/users/${user.id}/secrets/lost`, { secret: 'x' }).expect(200)
    await main.put('/runtimes/nodejs/environment-variables', { A: 'b' })
    const other = withKeys(stranger)
    await expect(resealAll(other, false)).rejects.toThrow('CHATTERIE_ENCRYPTION_KEY is wrong')
    await main.get(`/users/${user.id}/secrets/lost`).expect(200)
    expect(await resealAll(other, true)).toMatchObject({ unreadable: 2, forgotten: [await idOf(first)] })
    await checkKeys(other)
    await main.get(`/users/${user.id}/secrets/lost`).expect(404)
  })
})
