// The programs of Postgres, from npm: one package for each platform, of which npm installs the one that fits.

import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import type { Owner } from '#postgres/cluster.ts'
import type { Logger } from '#postgres/embedded-postgres.ts'

export interface Binaries {
  initdb: string
  postgres: string
  /** Such as `18.4.0-beta.17`. */
  version: string
}

/** Where everybody can reach it. */
const commonFolder = '/var/cache/chatterie'

/**
 * The programs where they were installed; else a copy, where the user that they run as cannot reach them there, or
 * where their libraries have yet to get their names and that folder is not ours to write to.
 * @param cache of this user, for the copy; as root it lies where everybody can reach it
 */
export async function findBinaries(owner: Owner, log: Logger, cache?: string | null): Promise<Binaries> {
  const installed = installedFolder()
  const { version } = JSON.parse(await readFile(join(installed, '..', 'package.json'), 'utf8'))
  const isUsable = (!owner || (await isReachable(installed, owner))) && (await nameLibraries(installed))
  const folder = isUsable ? installed : await copyOf(installed, owner ? commonFolder : cache, version, log)
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres'), version }
}

function installedFolder(): string {
  const platform = `${process.platform}-${process.arch}`
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)
    return join(dirname(entry), '..', 'native')
  } catch (cause) {
    throw new Error(`There is no embedded Postgres for ${platform}: set DATABASE_URL to a Postgres server`, {
      cause,
    })
  }
}

/**
 * Gives libraries the names by which programs look for them. Packages of npm hold no symbolic links, and the script
 * that would make them is not run by every npm.
 * @returns whether they have them all; not where the folder is not ours to write to
 */
async function nameLibraries(folder: string): Promise<boolean> {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: { source: string; target: string }[] = JSON.parse(list)
  for (const { source, target } of links) {
    const path = join(folder, '..', target)
    if (await stat(path).catch(() => null)) continue
    try {
      await symlink(relative(dirname(target), source), path)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return false
      if (code !== 'EEXIST') throw error // else another start was quicker
    }
  }
  return true
}

async function isReachable(path: string, owner: NonNullable<Owner>): Promise<boolean> {
  const { mode, uid, gid } = await stat(path)
  const search = uid === owner.uid ? 0o100 : gid === owner.gid ? 0o010 : 0o001
  if (!(mode & search)) return false
  return path === dirname(path) || isReachable(dirname(path), owner)
}

async function copyOf(
  native: string,
  folder: string | null | undefined,
  version: string,
  log: Logger,
): Promise<string> {
  if (!folder) {
    throw new Error(
      `The embedded Postgres in ${native} wants names for its libraries: start Chatterie once as the user that installed it, or set XDG_CACHE_HOME to a folder of your own`,
    )
  }
  const copy = join(folder, `postgres-${version}`)
  if (await stat(copy).catch(() => null)) return copy
  log.info({ copy }, 'copying the embedded Postgres to where the user it runs as can reach it')
  await mkdir(folder, { recursive: true })
  const partial = await mkdtemp(`${copy}-`)
  const draft = join(partial, 'native')
  await cp(native, draft, { recursive: true, verbatimSymlinks: true })
  await nameLibraries(draft)
  if (folder === commonFolder) for (const path of [folder, draft]) await chmod(path, 0o755)
  await rename(draft, copy).catch(() => {}) // another start was quicker
  await rm(partial, { recursive: true, force: true })
  return copy
}
