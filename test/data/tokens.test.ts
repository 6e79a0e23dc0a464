import { v4 as uuid } from 'uuid'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { realClock } from '#clock/clock.ts'
import { replaceSecret } from '#data/applications/applications.ts'
import { insertToken, openTokenCache } from '#data/applications/tokens.ts'
import type { Database } from '#data/database.ts'
import { openDatabase } from '#data/open-database.ts'
import { createApplication, type NewCredentials } from '#domain/applications/create-application.ts'
import { cloneDatabase } from '../support/server.ts'

let database: { url: string; drop(): Promise<void> }
let db: Database
let credentials: NewCredentials
let applicationId: number
beforeAll(async () => {
  database = await cloneDatabase()
  db = openDatabase(database.url, () => {})
  credentials = await db.transact((tx) => createApplication(tx, 'Test'))
  const [row] = await db.query({ text: 'select id from application' }, [])
  applicationId = Number(row?.[0])
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

async function issue({ expiresAt = Date.now() + 60_000 } = {}): Promise<string> {
  const token = uuid()
  await insertToken(db, token, { applicationId, clientId: credentials.clientId, scope: 'read:*', expiresAt })
  return token
}

/** Records the queries sent to the database from now on. */
const questions = () => vi.spyOn(db, 'query')

describe('a token', () => {
  it('is found with its application and scope', async () => {
    const expiresAt = Date.now() + 60_000
    const token = await issue({ expiresAt })
    expect(await openTokenCache(db, realClock).find(token)).toEqual({
      applicationId,
      clientId: credentials.clientId,
      scope: 'read:*',
      expiresAt,
    })
  })

  it('is rejected when it is unknown', async () => {
    expect(await openTokenCache(db, realClock).find(uuid())).toBeUndefined()
    expect(await openTokenCache(db, realClock).find('')).toBeUndefined()
  })

  it('is not stored in plain text', async () => {
    const token = await issue()
    const [row] = await db.query({ text: 'select count(*) from access_token t where t::text like $1' }, [
      `%${token}%`,
    ])
    expect(row?.[0]).toBe(0)
  })

  it('is rejected once it has expired, even if it is cached', async () => {
    const tokens = openTokenCache(db, realClock)
    const token = await issue({ expiresAt: Date.now() + 60_000 })
    expect(await tokens.find(token)).toBeDefined()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_001 })
    expect(await tokens.find(token)).toBeUndefined()
    expect(await openTokenCache(db, realClock).find(token)).toBeUndefined()
  })

  it('is looked up once, and then cached', async () => {
    const tokens = openTokenCache(db, realClock)
    const token = await issue()
    const query = questions()
    for (let n = 0; n < 3; n++) expect(await tokens.find(token)).toBeDefined()
    expect(query).toHaveBeenCalledTimes(1)
  })

  it('is not cached while it is unknown: it may be issued in the next moment', async () => {
    const tokens = openTokenCache(db, realClock)
    const token = uuid()
    expect(await tokens.find(token)).toBeUndefined()
    const expiresAt = Date.now() + 60_000
    await insertToken(db, token, {
      applicationId,
      clientId: credentials.clientId,
      scope: 'read:*',
      expiresAt,
    })
    expect(await tokens.find(token)).toBeDefined()
  })

  it('is revoked with its secret: at once in this process, within seconds in others', async () => {
    const [here, elsewhere] = [openTokenCache(db, realClock), openTokenCache(db, realClock)]
    const token = await issue()
    await Promise.all([here.find(token), elsewhere.find(token)])
    await db.transact((tx) => replaceSecret(tx, credentials.clientId, 'scrypt$$'))
    here.forget()
    expect(await here.find(token)).toBeUndefined()
    const later = performance.now() + 5_100
    vi.spyOn(performance, 'now').mockImplementation(() => later)
    await expect.poll(() => elsewhere.find(token)).toBeUndefined()
  })
})
