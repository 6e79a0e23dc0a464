import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { v4 as uuid } from 'uuid'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '#config.ts'
import { type Context, openContext } from '#context.ts'
import { ensureFirstApplication } from '#domain/applications/ensure-first-application.ts'
import { issueToken } from '#domain/applications/issue-token.ts'
import { cloneDatabase } from '../../support/server.ts'

let database: { url: string; drop(): Promise<void> }
let open: Context[]
beforeEach(async () => {
  database = await cloneDatabase()
  open = []
})
afterEach(async () => {
  await Promise.all(open.map(({ db }) => db.close()))
  await Promise.all(open.map(({ config }) => rm(config.home, { recursive: true, force: true })))
  await database.drop()
})

/** What another process would have: a context and a pool of its own. */
function process(settings: Record<string, string> = {}): Context {
  const home = join(tmpdir(), `chatterie-home-${uuid()}`)
  const ctx = openContext(
    readConfig({ CHATTERIE_HOME: home, ...settings }),
    pino({ level: 'silent' }),
    database.url,
  )
  open.push(ctx)
  return ctx
}

async function applications(ctx: Context): Promise<number> {
  const [row] = await ctx.db.query({ text: 'select count(*) from application' }, [])
  return Number(row?.[0])
}

const grant = (ctx: Context, clientId: string, clientSecret: string | undefined) =>
  issueToken(ctx, { grantType: 'client_credentials', clientId, clientSecret })

describe('the first application', () => {
  it('is created once, however many processes start at the same time', async () => {
    const processes = Array.from({ length: 6 }, () => process())
    const found = await Promise.all(processes.map(ensureFirstApplication))
    expect(found.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(new Set(found.map(({ clientId, apiKey }) => `${clientId} ${apiKey}`)).size).toBe(1)
    expect(await applications(process())).toBe(1)
  })

  it('shows its secret only when it is created, and the secret is valid', async () => {
    const made = await ensureFirstApplication(process())
    const again = await ensureFirstApplication(process())
    expect(made.isNew).toBe(true)
    expect(again).toEqual({ clientId: made.clientId, apiKey: made.apiKey, isNew: false, isKept: false })
    await expect(grant(process(), made.clientId, made.clientSecret)).resolves.toMatchObject({
      token_type: 'bearer',
    })
  })

  it('has the credentials of the settings', async () => {
    const apiKey = uuid()
    const settings = {
      CHATTERIE_CLIENT_ID: 'me',
      CHATTERIE_CLIENT_SECRET: 'a secret',
      CHATTERIE_API_KEY: apiKey,
    }
    const made = await ensureFirstApplication(process(settings))
    expect(made).toEqual({ clientId: 'me', apiKey, isNew: true, isKept: true, isGivenSecretInForce: true })
    await expect(grant(process(), 'me', 'a secret')).resolves.toBeDefined()
    const again = await ensureFirstApplication(process(settings))
    expect(again).toEqual({ ...made, isNew: false, isKept: false })
    expect(await applications(process())).toBe(1)
  })

  it('keeps its secret and its tokens, even if the settings change the secret later', async () => {
    const settings = { CHATTERIE_CLIENT_ID: 'me', CHATTERIE_CLIENT_SECRET: 'old secret' }
    const ctx = process(settings)
    await ensureFirstApplication(ctx)
    const { access_token: token } = await grant(ctx, 'me', 'old secret')
    const restarted = process({ ...settings, CHATTERIE_CLIENT_SECRET: 'new secret' })
    expect(await ensureFirstApplication(restarted)).toMatchObject({
      isNew: false,
      isGivenSecretInForce: false,
    })
    await expect(grant(restarted, 'me', 'new secret')).rejects.toMatchObject({ kind: 'invalid_client' })
    await expect(grant(restarted, 'me', 'old secret')).resolves.toBeDefined()
    expect(await restarted.tokens.find(token)).toBeDefined()
  })

  it('is not created where its credentials cannot be stored', async () => {
    const home = join(tmpdir(), `chatterie-home-${uuid()}`)
    await writeFile(home, 'no folder')
    await expect(ensureFirstApplication(process({ CHATTERIE_HOME: home }))).rejects.toThrow()
    expect(await applications(process())).toBe(0)
  })

  it('has its credentials stored after a start that was killed right after the commit, or right before', async () => {
    const ctx = process()
    const { home } = ctx.config
    const { clientId } = await ensureFirstApplication(ctx)
    const path = join(home, 'credentials.json')
    const kept = await readFile(path, 'utf8')
    await rename(path, `${path}.new`) // as after the commit
    expect(await ensureFirstApplication(process({ CHATTERIE_HOME: home }))).toMatchObject({ isKept: true })
    expect(await readFile(path, 'utf8')).toBe(kept)

    await writeFile(`${path}.new`, JSON.stringify({ clientId: 'of an application that never was' }))
    expect(await ensureFirstApplication(process({ CHATTERIE_HOME: home }))).toMatchObject({ clientId })
    expect(await readFile(path, 'utf8')).toBe(kept)
    expect(await readdir(home)).toEqual(['credentials.json'])
  })

  it('is unchanged where the settings repeat its secret: tokens stay valid', async () => {
    const settings = { CHATTERIE_CLIENT_ID: 'me', CHATTERIE_CLIENT_SECRET: 'a secret' }
    const ctx = process(settings)
    await ensureFirstApplication(ctx)
    const { access_token: token } = await grant(ctx, 'me', 'a secret')
    const restarted = process(settings)
    await ensureFirstApplication(restarted)
    expect(await restarted.tokens.find(token)).toBeDefined()
  })
})
