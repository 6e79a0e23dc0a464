// A server that has something of everything, and the dumps of it.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { readConfig } from '#config.ts'
import { type Context, openContext } from '#context.ts'
import { writeDump } from '#domain/dumps/write-dump.ts'
import { checkKeys } from '#domain/keys/check-keys.ts'
import { cloneDatabase } from '../../support/server.ts'
import { startTestApi, type TestApiServer, type World } from '../../support/test-api.ts'
import { allPublished, everything, furnish } from '../../test-api/furnished.ts'

export const key = randomBytes(32).toString('base64')
export const version = '1.2.3'

export interface DumpedServer {
  server: TestApiServer
  world: World
  /** For more files; it is removed at the end. */
  folder: string
  /** The dump of everything. */
  whole: string
  /** The dump of the world's application. */
  one: string
  /** Opens another database, with nothing in it, and a home of its own. */
  elsewhere(settings?: Record<string, string>): Promise<Elsewhere>
  /** Removes what {@link elsewhere} opened. */
  forget(): Promise<void>
  close(): Promise<void>
}

interface Elsewhere {
  ctx: Context
  home: string
  settings: Record<string, string>
}

export async function dumpServer(): Promise<DumpedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-dumps-'))
  const server = await startTestApi({ CHATTERIE_ENCRYPTION_KEY: key })
  await checkKeys(server.ctx) // as at each start
  const world = await server.createWorld({ seed: everything })
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
  const whole = join(folder, 'whole.gz')
  const one = join(folder, 'one.zst')
  await writeDump(server.ctx, whole, { version })
  await writeDump(server.ctx, one, { version, applicationId: world.applicationId })
  const opened: (() => Promise<unknown>)[] = []
  return {
    server,
    world,
    folder,
    whole,
    one,
    async elsewhere(settings = { CHATTERIE_ENCRYPTION_KEY: key }) {
      const { url, drop } = await cloneDatabase()
      const home = await mkdtemp(join(folder, 'home-'))
      const config = readConfig({ CHATTERIE_HOME: home, ...settings })
      const ctx = openContext(config, pino({ level: 'silent' }), url)
      opened.push(drop, () => ctx.db.close())
      return { ctx, home, settings: { DATABASE_URL: url, CHATTERIE_HOME: home, ...settings } }
    },
    async forget() {
      for (const close of opened.splice(0).reverse()) await close()
    },
    async close() {
      await server.close()
      await rm(folder, { recursive: true })
    },
  }
}

export async function isEmpty({ db }: Context): Promise<boolean> {
  const { rows } = await db.pool.query(
    'select (select count(*) from application) + (select count(*) from message) + (select count(*) from encryption_key) as rows',
  )
  return Number(rows[0].rows) === 0
}
