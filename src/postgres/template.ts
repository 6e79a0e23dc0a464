// A cluster that is initialised, migrated and stopped, kept in the user's cache folder, of which new ones are copies: a
// tenth of a second instead of one and a half. It is made once for each version of Postgres and of what it holds, of the
// one that the package brings (packed.ts) or from nothing, by one of the processes that want it: beside its own new
// cluster, which may lie in memory, so that it goes on with its start while the template is put into the cache. Whatever
// is wrong with it, a start does without.
//
// Copies have the same system identifier, by which Postgres tells clusters apart in replication; an embedded one takes
// no part in any. Their password and what names the installation become their own: own.ts.

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
  /** The user's cache folder, where nobody else can write. */
  cache: string
  /** Changes with what `fill` makes. */
  version: string
  /** Gives the new database its tables. */
  fill(url: string): Promise<void>
  /** The file of a cluster that has them; see packed.ts. */
  packed?: string | undefined
}

export interface Template {
  /** The superuser's, in the copy too until it has one of its own. */
  password: string
  /** Makes the folder `data`; `waiting` is called when all that is left is to wait. @throws where the template is not whole */
  copyTo(data: string, waiting: () => void): Promise<void>
  /** Puts it into the cache, where it was made just now. Whatever comes of it, copies are as good. */
  keep(): Promise<void>
  /** Once it has turned out to be of no use. */
  discard(): Promise<void>
}

interface Making {
  /** Where it is made. */
  folder: string
  /** Starts a cluster in that folder, fills it and stops it. */
  make(): Promise<void>
  /** Puts the cluster in a folder on the disk. */
  sync(folder: string): Promise<void>
  log: Logger
}

/** How long the making may take elsewhere, before a start does without. */
const patienceMs = 60_000
const retryMs = 25
const draftPrefix = 'draft-'
const keptUnusedMs = 30 * 86_400_000

/**
 * The template, made if need be.
 * @param postgres the version of its programs
 * @returns null where it cannot be had; else `keep` or `discard` must be called once copies are made
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
    making.log.debug({ err }, 'there is no template of new databases')
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
      // A program of its own, so that our code is loaded meanwhile. It clones where the file system can, and keeps the
      // owner, where we are root.
      const copying = promisify(execFile)('cp', ['-a', from, data])
      const changed = changedFile(from, JSON.parse(sizes))
      waiting()
      await copying
      if (changed !== undefined) throw new Error(`${changed} is not what it was`)
    },
    async keep() {}, // it is kept
    discard: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Of several processes one makes it, and the others wait until it is kept. */
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
          .catch((err) => log.debug({ err }, 'the template of new databases cannot be kept'))
          .finally(discard),
      discard,
    }
  } catch (error) {
    await discard()
    throw error
  }
}

/** Beside its place, and moved into it when whole. */
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

/** Removes what a killed process had begun, and what no version uses any more. The caller has the lock. */
async function tidy(clusters: string): Promise<void> {
  for (const entry of await readdir(clusters, { withFileTypes: true })) {
    const path = join(clusters, entry.name)
    const isOld = entry.name.startsWith(draftPrefix) || Date.now() - (await stat(path)).mtimeMs > keptUnusedMs
    if (entry.isDirectory() && isOld) await rm(path, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Bytes of each file, by its path from the folder. */
function sizesOf(folder: string): Record<string, number> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => ({ path, found: statSync(join(folder, path)) }))
    .filter(({ found }) => found.isFile())
  return Object.fromEntries(files.map(({ path, found }) => [path, found.size]))
}

/** One that has not the size that it had, or is gone. */
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
