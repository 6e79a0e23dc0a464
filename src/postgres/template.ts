// A template: an initialised, migrated and stopped cluster in the user's cache folder. Copying it takes a tenth of a
// second, creating a cluster one and a half. It is made once per version of Postgres and of its content, from the one
// in the package (packed.ts) or from nothing, by one of the processes that need it: beside that process's own new
// cluster, which may be in memory, so that its start continues while the template is put into the cache. If anything is
// wrong with the template, a start works without it.
//
// Copies have the same system identifier, by which Postgres tells clusters apart in replication; embedded ones never
// replicate. Each copy gets its own password and installation name: own.ts.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Logger } from '#postgres/embedded-postgres.ts'
import { FolderInUse, type FolderLock, lockFolder } from '#postgres/lock.ts'

export interface TemplateSource {
  /** The user's cache folder, which nobody else can write to. */
  cache: string
  /** Changes whenever the result of `fill` changes. */
  version: string
  /** Creates the tables in the new database. */
  fill(url: string): Promise<void>
  /** The file of a cluster that already has them; see packed.ts. */
  packed?: string | undefined
}

export interface Template {
  /** The superuser's password, also in the copy until that has its own. */
  password: string
  /** Creates the folder `data`; calls `waiting` when only waiting is left. @throws if the template is incomplete */
  copyTo(data: string, waiting: () => void): Promise<void>
  /** Stores a newly made template in the cache. Copies are valid even if that fails. */
  keep(): Promise<void>
  /** Removes a template that turned out to be unusable. */
  discard(): Promise<void>
}

interface Making {
  /** Where the template is created. */
  folder: string
  /** Starts a cluster in that folder, fills it and stops it. */
  make(): Promise<void>
  /** Syncs a folder with a cluster to the disk. */
  sync(folder: string): Promise<void>
  log: Logger
}

/** How long a start waits for another process to make the template, before it goes on without. */
const patienceMs = 60_000
const retryMs = 25
const draftPrefix = 'draft-'
const keptUnusedMs = 30 * 86_400_000

/**
 * Returns the template, making it if necessary.
 * @param postgres the version of the programs
 * @returns null if there is no template; otherwise call `keep` or `discard` when copies are made
 */
export async function openTemplate(
  { cache, version }: TemplateSource,
  { postgres, ...making }: { postgres: string } & Making,
): Promise<Template | null> {
  const hash = createHash('sha256').update(version).digest('hex').slice(0, 16)
  const clusters = join(cache, 'clusters')
  const folder = join(clusters, `${postgres}-${process.platform}-${process.arch}-${hash}`)
  try {
    const made = (await isThere(folder)) ? undefined : await makeOnce(clusters, folder, making)
    return made ?? (await read(folder))
  } catch (err) {
    making.log.debug({ err }, 'the template of new databases could not be read or made')
    await rm(folder, { recursive: true, force: true }).catch(() => {})
    return null
  }
}

async function read(folder: string): Promise<Template> {
  const [password, sizes] = await Promise.all([
    readFile(join(folder, 'password'), 'utf8'),
    readFile(join(folder, 'sizes.json'), 'utf8'),
  ])
  const now = new Date()
  await utimes(folder, now, now)
  const from = join(folder, 'data')
  return {
    password: password.trim(),
    async copyTo(data, waiting) {
      // A separate process, so that our code is loaded meanwhile. cp clones where the file system can, and preserves
      // the owner if we are root.
      const copying = promisify(execFile)('cp', ['-a', from, data])
      const changed = changedFile(from, JSON.parse(sizes))
      waiting()
      await copying
      if (changed !== undefined) throw new Error(`${changed} has changed`)
    },
    async keep() {}, // it is stored already
    discard: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Makes the template in one of several processes; the others wait until it is stored. */
async function makeOnce(
  clusters: string,
  folder: string,
  { folder: own, make, sync, log }: Making,
): Promise<Template | undefined> {
  await mkdir(clusters, { recursive: true, mode: 0o700 })
  const lock = await lockUnlessThere(clusters, folder)
  if (!lock) return undefined
  const discard = () => rm(own, { recursive: true, force: true, maxRetries: 5 }).finally(lock.release)
  try {
    if (await isThere(folder)) {
      lock.release()
      return undefined
    }
    await tidy(clusters)
    await mkdir(own)
    await make()
    await writeFile(join(own, 'sizes.json'), JSON.stringify(sizesOf(join(own, 'data'))))
    return {
      ...(await read(own)),
      keep: () =>
        keep(own, { clusters, folder, sync })
          .catch((err) => log.debug({ err }, 'the template of new databases could not be saved'))
          .finally(discard),
      discard,
    }
  } catch (error) {
    await discard()
    throw error
  }
}

/** Stores the template: as a draft first, moved into place when complete. */
async function keep(
  own: string,
  { clusters, folder, sync }: Pick<Making, 'sync'> & { clusters: string; folder: string },
): Promise<void> {
  const draft = join(await mkdtemp(join(clusters, draftPrefix)), 'template')
  await promisify(execFile)('cp', ['-a', own, draft])
  await sync(draft)
  await rename(draft, folder)
  await rm(dirname(draft), { recursive: true, force: true })
}

async function lockUnlessThere(clusters: string, folder: string): Promise<FolderLock | null> {
  for (const giveUpAt = performance.now() + patienceMs; ; await sleep(retryMs)) {
    if (await isThere(folder)) return null
    try {
      return await lockFolder(clusters)
    } catch (error) {
      if (!(error instanceof FolderInUse) || performance.now() > giveUpAt) throw error
    }
  }
}

/** Removes drafts of killed processes, and templates that no version uses any more. The caller holds the lock. */
async function tidy(clusters: string): Promise<void> {
  for (const entry of await readdir(clusters, { withFileTypes: true })) {
    const path = join(clusters, entry.name)
    const isOld = entry.name.startsWith(draftPrefix) || Date.now() - (await stat(path)).mtimeMs > keptUnusedMs
    if (entry.isDirectory() && isOld) await rm(path, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Returns the size in bytes of each file, by its path relative to the folder. */
function sizesOf(folder: string): Record<string, number> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => ({ path, found: statSync(join(folder, path)) }))
    .filter(({ found }) => found.isFile())
  return Object.fromEntries(files.map(({ path, found }) => [path, found.size]))
}

/** Returns the path of a file whose size has changed or that is missing; undefined if there is none. */
function changedFile(folder: string, sizes: Record<string, number>): string | undefined {
  const found = Object.entries(sizes).find(
    ([path, size]) => statSync(join(folder, path), { throwIfNoEntry: false })?.size !== size,
  )
  return found?.[0]
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
