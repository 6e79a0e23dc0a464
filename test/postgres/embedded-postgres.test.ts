import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { isAlive } from '../support/is-alive.ts'
import { query } from '../support/query.ts'

const log = { debug() {}, info() {}, warn() {} }
const orphan = fileURLToPath(new URL('../../src/postgres/orphan.ts', import.meta.url))
const isRoot = process.getuid?.() === 0
/** Reads the rows that were written before. */
const kept = ({ url }: EmbeddedPostgres) => query(url, 'select one from kept')
/** For tests that read /proc. */
const onLinux = test.skipIf(process.platform !== 'linux')

describe('the embedded Postgres', () => {
  /** A folder created by a first start, on which no Postgres runs. */
  let made: string
  let folder: string
  let running: EmbeddedPostgres[]
  let children: ChildProcess[]

  beforeAll(async () => {
    made = await mkdtemp(join(tmpdir(), 'chatterie-test-'))
    await (await startEmbeddedPostgres({ folder: made, log })).stop()
  })
  afterAll(() => rm(made, { recursive: true, force: true }))
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chatterie-test-'))
    // `cp -a` keeps the owner if the tests run as root.
    await promisify(execFile)('cp', ['-a', join(made, 'data'), join(made, 'password'), folder])
    running = []
    children = []
  })

  afterEach(async () => {
    for (const child of children) {
      if (child.kill('SIGKILL')) await once(child, 'exit')
    }
    for (const postgres of running) await postgres.stop()
    if (await postmasterPid().catch(() => null)) await (await start()).stop() // left by a killed process
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }) // a guard may still delete files
  })

  test('starts on an empty folder and keeps its rows after a restart', async () => {
    await emptyFolder()
    const first = await start()
    await query(first.url, 'create table kept as select 1 as one')
    await first.stop()

    const second = await start()
    expect(await kept(second)).toEqual([{ one: 1 }])
    expect([first.adopted, second.adopted]).toEqual([false, false])
  })

  test('creates a UTF-8 database, the same on every host, whose trigrams support all letters', async () => {
    await emptyFolder()
    const postgres = await start()
    const [database] = await query(
      postgres.url,
      'select datname, pg_encoding_to_char(encoding) as encoding, datlocale from pg_database where datname = current_database()',
    )
    expect(database).toEqual({ datname: 'chatterie', encoding: 'UTF8', datlocale: 'C.UTF-8' })
    await query(postgres.url, 'create extension pg_trgm')
    expect(await query(postgres.url, "select cardinality(show_trgm('привет')) as trigrams")).toEqual([
      { trigrams: 7 },
    ])
  })

  test('requires the password, which only its owner can read', async () => {
    await emptyFolder()
    const postgres = await start()
    const stranger = new pg.Client(postgres.url.replace(/:[0-9a-f]{48}@/, ':guess@'))
    await expect(stranger.connect()).rejects.toThrow('password authentication failed')
    for (const file of ['password', 'lock', 'postgres.log']) {
      expect((await stat(join(folder, file))).mode & 0o077).toBe(0)
    }
    expect(await readFile(join(folder, 'postgres.log'), 'utf8')).not.toContain(new URL(postgres.url).password)
  })

  test('keeps the settings that make a commit durable', async () => {
    const [settings] = await query(
      (await start()).url,
      "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages",
    )
    expect(settings).toEqual({ fsync: 'on', commit: 'on', pages: 'on' })
  })

  test.each([
    { what: 'its process is killed', end: (pid: number) => process.kill(pid, 'SIGKILL') },
    { what: 'its process group is killed', end: (pid: number) => process.kill(-pid, 'SIGKILL') },
    { what: 'Ctrl-C reaches the whole process group', end: (pid: number) => process.kill(-pid, 'SIGINT') },
  ])(
    'stops cleanly by itself within seconds when $what, and the next start has every row',
    async ({ end }) => {
      const { child } = await startElsewhere('create table kept as select 1 as one')
      const before = await postmasterPid()
      end(child.pid ?? 0)
      await once(child, 'exit')
      await expect.poll(() => isAlive(before)).toBe(false)
      expect(await readFile(join(folder, 'postgres.log'), 'utf8')).toContain('database system is shut down')

      const postgres = await start()
      expect(postgres.adopted).toBe(false)
      expect(await kept(postgres)).toEqual([{ one: 1 }])
    },
  )

  test('is taken over with every row by a start right after, and keeps running', async () => {
    const { child } = await startElsewhere('create table kept as select 1 as one')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const postgres = await start()
    const mine = await postmasterPid()
    expect(await kept(postgres)).toEqual([{ one: 1 }])
    await once(spawn(process.execPath, [orphan, folder, `${child.pid}`, '', `${mine}`]), 'exit')
    expect(isAlive(mine)).toBe(true)
    expect(await kept(postgres)).toEqual([{ one: 1 }])
  })

  test('is taken over with every row where no guard was left to stop it', async () => {
    const { child } = await startElsewhere('create table kept as select 1 as one')
    const before = await postmasterPid()
    process.kill(await guardPid(child), 'SIGKILL')
    child.kill('SIGKILL')
    await once(child, 'exit')

    const postgres = await start()
    expect(postgres.adopted).toBe(true)
    expect(await postmasterPid()).toBe(before)
    expect(await kept(postgres)).toEqual([{ one: 1 }])
  })

  onLinux('gets a new guard where its guard was killed', async () => {
    const { child } = await startElsewhere('')
    const postmaster = await postmasterPid()
    const first = await guardPid(child)
    process.kill(first, 'SIGKILL')
    await expect.poll(() => guardPid(child).catch(() => first)).not.toBe(first)
    child.kill('SIGKILL')
    await expect.poll(() => isAlive(postmaster)).toBe(false)
  })

  test('stops where the folder is deleted with its process', async () => {
    const { child } = await startElsewhere('')
    const postmaster = await postmasterPid()
    await rm(folder, { recursive: true, maxRetries: 5 }) // Postgres still writes files
    child.kill('SIGKILL')
    await expect.poll(() => isAlive(postmaster)).toBe(false)
  })

  test('finishes stopping for another process before a start goes on', async () => {
    const first = await start()
    await query(first.url, 'create table kept as select 1 as one')
    const [, second] = await Promise.all([first.stop(), start()])
    expect(await kept(second)).toEqual([{ one: 1 }])
  })

  test('recovers every committed row after Postgres itself was killed', async () => {
    const first = await start()
    await query(first.url, 'create table kept as select 1 as one')
    const before = await postmasterPid()
    process.kill(before, 'SIGKILL')
    await first.stop()

    const second = await start()
    expect(second.adopted).toBe(false)
    expect(await postmasterPid()).not.toBe(before)
    expect(await kept(second)).toEqual([{ one: 1 }])
  })

  test('restarts by itself, at the same address, when Postgres is killed while the server is running', async () => {
    const postgres = await start()
    await query(postgres.url, 'create table kept as select 1 as one')
    process.kill(await postmasterPid(), 'SIGKILL')
    await expect.poll(() => kept(postgres).catch(() => null)).toEqual([{ one: 1 }])
  })

  onLinux('restarts by itself when it hangs and accepts no connections', async () => {
    const postgres = await start()
    await query(postgres.url, 'create table kept as select 1 as one')
    await makeStuck()
    await expect.poll(() => kept(postgres).catch(() => null)).toEqual([{ one: 1 }])
  })

  onLinux('has every row after a start where the previous one hangs and accepts no connections', async () => {
    const { child } = await startElsewhere('create table kept as select 1 as one')
    process.kill(await guardPid(child), 'SIGKILL')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await makeStuck()
    const postgres = await start()
    expect(postgres.adopted).toBe(false)
    expect(await kept(postgres)).toEqual([{ one: 1 }])
  })

  test('ignores a stale pid file, and does not touch a program that has the pid now', async () => {
    await (await start()).stop()
    const { uid, gid } = await stat(join(folder, 'data'))
    const other = spawn('sleep', ['60'], isRoot ? { uid, gid } : {})
    children.push(other)
    await once(other, 'spawn')
    for (const stale of [
      `${other.pid}\n${folder}/data\n1\n5432\n\n127.0.0.1\n\nready   \n`,
      '4194999\n',
      '',
    ]) {
      await writeFile(join(folder, 'data', 'postmaster.pid'), stale)
      const postgres = await start()
      expect(postgres.adopted).toBe(false)
      expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }])
      await postgres.stop()
    }
    expect(isAlive(other.pid ?? 0)).toBe(true)
  })

  test('starts over when the first start was killed halfway', async () => {
    await emptyFolder()
    const child = spawnChild('')
    while (!(await readdir(folder)).some((name) => name.startsWith('init-'))) await sleep(2)
    await sleep(100)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await readdir(folder)).not.toContain('data')

    expect(await query((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect((await readdir(folder)).filter((name) => name.startsWith('init-'))).toEqual([])
  })

  test('has one owner: a second process is refused with the pid of the first', async () => {
    const { child } = await startElsewhere('')
    await expect(start()).rejects.toThrow(`${folder} is in use by another Chatterie (process ${child.pid})`)
  })

  test('one of two concurrent starts wins', async () => {
    await emptyFolder()
    const outcomes = await Promise.allSettled([start(), start()])
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason.message).toContain(
      'is in use by another',
    )
  })

  test('leaves no process behind when it stops, however often it is stopped', async () => {
    const postgres = await start()
    const workers = await query(postgres.url, 'select pid from pg_stat_activity')
    const pids = [await postmasterPid(), ...workers.map((worker) => Number(worker.pid))]
    await Promise.all([postgres.stop(), postgres.stop()])
    await postgres.stop()
    await expect.poll(() => pids.filter(isAlive)).toEqual([]) // its file goes a moment before it does
    expect(await readdir(join(folder, 'data'))).not.toContain('postmaster.pid')
  })

  test('stops while clients are connected', async () => {
    const postgres = await start()
    const client = new pg.Client(postgres.url)
    client.on('error', () => {})
    await client.connect()
    const cutOff = new Promise<void>((resolve) => client.on('end', resolve))
    await postgres.stop()
    await cutOff
  })

  test('reports what is missing when the data have lost their password', async () => {
    await (await start()).stop()
    await unlink(join(folder, 'password'))
    await expect(start()).rejects.toThrow('password is missing')
  })

  test.skipIf(!isRoot)('as root works in a home folder that is closed to others', async () => {
    await chmod(folder, 0o700)
    const home = join(folder, 'home')
    await mkdir(home)
    for (const adopted of [false, false]) {
      const postgres = await startEmbeddedPostgres({ folder: join(home, 'postgres'), log })
      expect(postgres.adopted).toBe(adopted)
      await postgres.stop()
    }
  })

  /** Empties the folder, so that the next start is a first start. */
  async function emptyFolder(): Promise<void> {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
  }

  async function start(): Promise<EmbeddedPostgres> {
    const postgres = await startEmbeddedPostgres({ folder, log })
    running.push(postgres)
    return postgres
  }

  /** Starts Postgres from a separate process with its own process group. Returns once that has run the statement. */
  async function startElsewhere(sql: string) {
    const child = spawnChild(sql)
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the other process ended with ${code}`)
      }),
    ])
    return { child }
  }

  function spawnChild(sql: string): ChildProcess {
    const script = `
      import { startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
      import pg from 'pg'
      const log = { debug() {}, info() {}, warn() {} }
      const { url } = await startEmbeddedPostgres({ folder: ${JSON.stringify(folder)}, log })
      const client = new pg.Client(url)
      client.on('error', () => {})
      await client.connect()
      await client.query(${JSON.stringify(sql)})
      process.send('done')`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    children.push(child)
    return child
  }

  /** The id of the guard process of that process, which sleeps. */
  async function guardPid(child: ChildProcess): Promise<number> {
    for (const pid of (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).split(' ')) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (command.includes('chatterie-guard')) return Number(pid)
    }
    throw new Error('there is no guard')
  }

  /** Kills all child processes of the postmaster, and suspends it so that it cannot start new ones. */
  async function makeStuck(): Promise<void> {
    const pid = await postmasterPid()
    process.kill(pid, 'SIGSTOP')
    for (const each of (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')) {
      process.kill(Number(each), 'SIGKILL')
    }
  }

  const postmasterPid = async () =>
    Number.parseInt(await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10)
})
