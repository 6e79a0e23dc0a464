import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
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
  await database.drop()
})

/** What another process would have: a context and a pool of its own. */
function process(settings: Record<string, string> = {}): Context {
  const home = join(tmpdir(), `chatterie-home-${randomUUID()}`)
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

  it('shows its secret only when it is made, and the secret opens it', async () => {
    const made = await ensureFirstApplication(process())
    const again = await ensureFirstApplication(process())
    expect(made.isNew).toBe(true)
    expect(again).toEqual({ clientId: made.clientId, apiKey: made.apiKey, isNew: false })
    await expect(grant(process(), made.clientId, made.clientSecret)).resolves.toMatchObject({
      token_type: 'bearer',
    })
  })

  it('has the credentials of the settings', async () => {
    const apiKey = randomUUID()
    const settings = {
      CHATTERIE_CLIENT_ID: 'me',
      CHATTERIE_CLIENT_SECRET: 'a secret',
      CHATTERIE_API_KEY: apiKey,
    }
    const made = await ensureFirstApplication(process(settings))
    expect(made).toEqual({ clientId: 'me', clientSecret: 'a secret', apiKey, isNew: true })
    expect(await ensureFirstApplication(process(settings))).toEqual({ ...made, isNew: false })
    expect(await applications(process())).toBe(1)
  })

  it('takes a new secret from the settings: the old one and its tokens open nothing any more', async () => {
    const settings = { CHATTERIE_CLIENT_ID: 'me', CHATTERIE_CLIENT_SECRET: 'old secret' }
    const ctx = process(settings)
    await ensureFirstApplication(ctx)
    const { access_token: token } = await grant(ctx, 'me', 'old secret')
    const restarted = process({ ...settings, CHATTERIE_CLIENT_SECRET: 'new secret' })
    expect(await ensureFirstApplication(restarted)).toMatchObject({ clientId: 'me', isNew: false })
    await expect(grant(restarted, 'me', 'old secret')).rejects.toMatchObject({ kind: 'invalid_client' })
    await expect(grant(restarted, 'me', 'new secret')).resolves.toBeDefined()
    expect(await restarted.tokens.find(token)).toBeUndefined()
  })

  it('stays as it is where the settings repeat its secret: tokens go on', async () => {
    const settings = { CHATTERIE_CLIENT_ID: 'me', CHATTERIE_CLIENT_SECRET: 'a secret' }
    const ctx = process(settings)
    await ensureFirstApplication(ctx)
    const { access_token: token } = await grant(ctx, 'me', 'a secret')
    const restarted = process(settings)
    await ensureFirstApplication(restarted)
    expect(await restarted.tokens.find(token)).toBeDefined()
  })
})
