// A dump of many messages with files, and its restore into an empty database: duration, size, and the memory that the
// command uses beyond that for an empty database.
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { v4 as uuid } from 'uuid'
import { seed } from '../support/seed.ts'
import { type Stage, stop } from '../support/stage.ts'
import { count, seconds, table, verdict } from '../support/table.ts'

const aimMb = 150
const fileBytes = 20_000
const sampleMs = 50

export async function dump(stage: Stage, messages: number, files: number): Promise<string> {
  const homes = { full: join(stage.folder, 'home'), empty: join(stage.folder, 'home-empty') }
  const nothing = await stage.createDatabase('dump_nothing')
  const idle = await timed(stage, ['dump', join(stage.folder, 'nothing.gz')], nothing, homes.empty)
  const source = await stage.createDatabase('dump_source')
  const { child } = await stage.startServer(source)
  const { applicationId } = await seed(source, { messages, spread: 500 })
  await addFiles(source, homes.full, applicationId, files)
  await stop(child)

  const rows: string[][] = []
  for (const ending of ['gz', 'zst']) {
    const file = join(stage.folder, `all.${ending}`)
    const dumped = await timed(stage, ['dump', file], source, homes.full)
    const { size } = await stat(file)
    const target = await stage.createEmptyDatabase(`dump_target_${ending}`)
    const home = join(stage.folder, `home-${ending}`)
    const restored = await timed(stage, ['restore', file], target, home)
    for (const [what, { ms, peakMb }] of [
      [`dump, .${ending}`, dumped],
      [`restore, .${ending}`, restored],
    ] as const) {
      const grownMb = peakMb - idle.peakMb
      rows.push([
        what,
        seconds(ms),
        count((messages / ms) * 1_000),
        count(size / 1e6),
        count(grownMb),
        `< ${aimMb}`,
        verdict(grownMb < aimMb),
      ])
    }
  }
  return table(
    `Dump and restore of ${count(messages)} messages and ${count(files)} files of ${count(fileBytes / 1_000)} KB`,
    ['', 'time', 'messages/s', 'MB', 'memory above idle, MB', 'aim', 'reached'],
    rows,
  )
}

/** Runs a command to its end. */
async function timed(
  stage: Stage,
  args: string[],
  url: string,
  home: string,
): Promise<{ ms: number; peakMb: number }> {
  const began = performance.now()
  const child = stage.spawn(process.execPath, ['bin/chatterie.mjs', ...args], {
    DATABASE_URL: url,
    CHATTERIE_HOME: home,
    LOG_LEVEL: 'warn',
  })
  child.stdout?.resume()
  let peakMb = 0
  const sampling = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb(child.pid))
  }, sampleMs)
  const [code] = await once(child, 'close')
  clearInterval(sampling)
  if (code !== 0) throw new Error(`chatterie ${args.join(' ')} ended with ${code}`)
  return { ms: performance.now() - began, peakMb }
}

/** Returns the resident memory of a process and its children. */
function residentMb(pid = 0): number {
  try {
    const lines = execFileSync('ps', ['-o', 'rss=', '--pid', String(pid), '--ppid', String(pid)], {
      encoding: 'utf8',
    })
    return lines.split('\n').reduce((sum, line) => sum + Number(line), 0) / 1_024
  } catch {
    return 0 // it has just ended
  }
}

/** Adds files that, like pictures, cannot be compressed. */
async function addFiles(url: string, home: string, applicationId: number, files: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const keys: string[] = []
  const hashes: Buffer[] = []
  for (let made = 0; made < files; made += 1) {
    const key = uuid()
    const bytes = randomBytes(fileBytes)
    const folder = join(home, 'files', key.slice(-2))
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, key), bytes)
    keys.push(key)
    hashes.push(createHash('sha256').update(bytes).digest())
  }
  await client.query(
    `insert into file (application_id, key, name, content_type, size, sha256)
     select $1, key::uuid, 'a.png', 'image/png', $2, sha256 from unnest($3::text[], $4::bytea[]) f (key, sha256)`,
    [applicationId, fileBytes, keys, hashes],
  )
  await client.end()
}
