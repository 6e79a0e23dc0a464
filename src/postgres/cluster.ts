// The parts of the embedded Postgres: its binaries, the user it runs as, its password, its files.

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { renameSync, rmSync } from 'node:fs'
import { chown, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Binaries } from '#postgres/binaries.ts'
import type { Logger } from '#postgres/embedded-postgres.ts'
import type { Template } from '#postgres/template.ts'

const run = promisify(execFile)
export const SUPERUSER = 'chatterie'
export const DATABASE = 'chatterie'

/** The user Postgres runs as if we are root, because it refuses to run as root; null if it runs as our user. */
export type Owner = { uid: number; gid: number } | null

export type Cluster = {
  folder: string
  /** The data directory, below the folder. */
  data: string
  owner: Owner
  binaries: Binaries
  log: Logger
  /** Whether data may be lost if the machine halts, so that nothing waits for the disk. */
  ephemeral: boolean
  /** Settings of Postgres that take precedence over ours. */
  settings: string[]
  /** Called when this process has to wait for other programs. */
  waiting(): void
}

/** Postgres does not inherit our environment, which may contain secrets. */
export const cleanEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Returns the path by which Postgres refers to its data directory, its working directory. As root on Linux it is a
 * path to the working directory, because the real path may be out of reach: a home such as /root is closed to others.
 */
export function pathSeenByPostgres({ data, owner }: Pick<Cluster, 'data' | 'owner'>): string {
  return owner && process.platform === 'linux' ? '/proc/self/cwd' : data
}

/** Returns the user that owns or will own the data: as root the system's `postgres`, created if missing. */
export async function findOwner(data: string, log: Logger): Promise<Owner> {
  if (process.getuid?.() !== 0) return null
  const existing = await stat(data).catch(() => null)
  if (existing) return { uid: existing.uid, gid: existing.gid }
  return (await findPostgresUser()) ?? (await createPostgresUser(log))
}

async function findPostgresUser(): Promise<Owner> {
  const known = /^postgres:[^:]*:(\d+):(\d+):/m.exec(await readFile('/etc/passwd', 'utf8').catch(() => ''))
  if (known) return { uid: Number(known[1]), gid: Number(known[2]) }
  // Also finds users of directory services.
  const { stdout } = await run('id', ['postgres']).catch(() => ({ stdout: '' }))
  const [, uid, gid] = /^uid=(\d+).* gid=(\d+)/.exec(stdout) ?? []
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : null
}

async function createPostgresUser(log: Logger): Promise<Owner> {
  log.info('creating the system user postgres: as root, the embedded Postgres runs as that user')
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/bin/false',
      'postgres',
    ])
    const created = await findPostgresUser()
    if (created) return created
    throw new Error('there is still no such user')
  } catch (cause) {
    throw new Error(
      'Postgres does not run as root and the system user postgres could not be created: create it, run Chatterie as an ordinary user, or set DATABASE_URL',
      { cause },
    )
  }
}

/** Reads the superuser's password, which is kept beside the data and readable only to us. */
export async function readPassword({ folder, data }: Pick<Cluster, 'folder' | 'data'>): Promise<string> {
  const path = join(folder, 'password')
  const kept = await readFile(path, 'utf8').catch(() => null)
  if (kept) return kept.trim()
  if (await stat(data).catch(() => null)) {
    throw new Error(
      `${path} is missing, and without it the data in ${data} cannot be opened: restore it from a backup`,
    )
  }
  const password = newPassword()
  await keepPassword(path, password)
  return password
}

export function newPassword(): string {
  return randomBytes(24).toString('hex')
}

/** Writes the password atomically; it is on the disk when this resolves. */
export async function keepPassword(path: string, password: string): Promise<void> {
  await writeFile(`${path}.new`, `${password}\n`, { mode: 0o600, flush: true })
  await rename(`${path}.new`, path)
}

/** Creates the data directory if it does not exist: in a draft folder, moved into place when complete. */
export async function initialise(cluster: Cluster): Promise<void> {
  const { folder, data, owner, log } = cluster
  if (await isThere(cluster)) return
  await rm(nextPasswordPath(folder), { force: true }) // of an interrupted copy
  const password = await readPassword(cluster)
  await inDraft(cluster, async (draft) => {
    await mkdir(join(draft, 'data'), { mode: 0o700 })
    await writeFile(join(draft, 'password'), password, { mode: 0o600 })
    if (owner) {
      for (const path of [draft, join(draft, 'data'), join(draft, 'password')]) {
        await chown(path, owner.uid, owner.gid)
      }
    }
    await initdb(cluster, join(draft, 'data'))
  })
  await syncFile(folder)
  log.debug({ folder, data }, 'embedded Postgres initialised')
}

/**
 * Like {@link initialise}, but by copying. The copy has the template's password until own.ts changes it. Its content is
 * not durable before `putOnDisk` is done; if interrupted before that, the next start begins anew.
 */
export async function initialiseFrom(template: Template, cluster: Cluster): Promise<void> {
  const { folder, ephemeral } = cluster
  if (!ephemeral) await writeFile(unsafePath(folder), '', { flush: true })
  // From here on, a sync would wait for the whole copy.
  await writeFile(nextPasswordPath(folder), newPassword(), { mode: 0o600 })
  await writeFile(join(folder, 'password'), template.password, { mode: 0o600 })
  await inDraft(cluster, (draft) => template.copyTo(join(draft, 'data'), cluster.waiting))
}

/** A file that exists while a copy may still be lost with the machine. */
const unsafePath = (folder: string) => join(folder, 'copying')

/** Syncs a copy to the disk; Postgres may already run on it, because it syncs its own writes itself. */
export async function putOnDisk(cluster: Cluster): Promise<void> {
  const { folder } = cluster
  await syncData(cluster)
  for (const path of [nextPasswordPath(folder), join(folder, 'password')]) await syncFile(path)
  await rm(unsafePath(folder))
  await syncFile(folder)
}

/** Returns whether a start was interrupted before its copy was on the disk. */
export function isUnsafe({ folder }: Pick<Cluster, 'folder'>): Promise<boolean> {
  return exists(unsafePath(folder))
}

/** Removes a copy on which no server runs. */
export async function removeCopy({ folder, data }: Pick<Cluster, 'folder' | 'data'>): Promise<void> {
  for (const path of [data, join(folder, 'password'), nextPasswordPath(folder), unsafePath(folder)]) {
    await rm(path, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The file with the password that a copy is about to get. */
export const nextPasswordPath = (folder: string) => join(folder, 'password.next')

export function isThere({ data }: Pick<Cluster, 'data'>): Promise<boolean> {
  return exists(data)
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function inDraft({ folder, data }: Cluster, make: (draft: string) => Promise<void>): Promise<void> {
  for (const left of await readdir(folder)) {
    if (left.startsWith('init-'))
      await rm(join(folder, left), { recursive: true, force: true, maxRetries: 5 })
  }
  const draft = await mkdtemp(join(folder, 'init-'))
  try {
    await make(draft)
    renameSync(join(draft, 'data'), data) // synchronous: the start of Postgres waits only for this
  } finally {
    rmSync(draft, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Syncs the whole cluster to the disk; except on Linux it must not be running, because the files are walked. */
export async function syncData({
  data,
  owner,
  binaries,
}: Pick<Cluster, 'data' | 'owner' | 'binaries'>): Promise<void> {
  const options = [`--pgdata=${pathSeenByPostgres({ data, owner })}`, '--sync-only']
  // Syncs the whole file system in one call, where available.
  if (process.platform === 'linux') options.push('--sync-method=syncfs')
  await run(binaries.initdb, options, { cwd: data, env: cleanEnvironment, ...owner })
}

// Collation and case come from Postgres itself, so they are the same on every host. Only pg_trgm still asks the C
// library which characters are letters, and with plain C it would index only ASCII.
const CHARACTER_TYPES = ['C.UTF-8', 'en_US.UTF-8', 'C']

async function initdb({ binaries, owner, log, ephemeral, waiting }: Cluster, data: string): Promise<void> {
  for (const characterType of CHARACTER_TYPES) {
    const options = [
      `--pgdata=${pathSeenByPostgres({ data, owner })}`,
      `--username=${SUPERUSER}`,
      '--pwfile=../password',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      `--lc-ctype=${characterType}`,
      '--no-instructions',
      ...(ephemeral ? ['--no-sync'] : []),
    ]
    try {
      const running = run(binaries.initdb, options, { cwd: data, env: cleanEnvironment, ...owner })
      waiting()
      await running
      if (characterType === 'C')
        log.warn('this host has no UTF-8 locale: text search will be slow outside ASCII')
      return
    } catch (error) {
      const output =
        error instanceof Error && 'stderr' in error && error.stderr ? String(error.stderr) : String(error)
      if (output.includes('invalid locale name') && characterType !== 'C') continue
      throw new Error(
        `The embedded Postgres could not be initialised (${basename(binaries.initdb)}: ${output.trim().split('\n').join('; ')}); DATABASE_URL uses another server instead`,
      )
    }
  }
}

/** Syncs a file or a folder if it still exists. */
async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null)
  if (!handle) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
