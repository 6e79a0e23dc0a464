// Finds the programs of Postgres, from npm: one package per platform, of which npm installs the matching one.

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

/** A folder that every user can reach. */
const commonFolder = '/var/cache/chatterie'

/**
 * Returns the installed programs, or a copy of them: if the user that they run as cannot reach them, or if their
 * libraries still need symbolic links and the folder is not writable for us.
 * @param cache this user's cache folder, for the copy; as root, the copy goes to a folder that every user can reach
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
 * Creates the symbolic links through which programs find their libraries. npm packages cannot contain symbolic links,
 * and not every npm runs the script that would create them.
 * @returns whether all links exist; false if the folder is not writable for us
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
      if (code !== 'EEXIST') throw error // otherwise another start was faster
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
  log.info({ copy }, 'copying the embedded Postgres to a folder that its system user can read')
  await mkdir(folder, { recursive: true })
  const partial = await mkdtemp(`${copy}-`)
  const draft = join(partial, 'native')
  await cp(native, draft, { recursive: true, verbatimSymlinks: true })
  await nameLibraries(draft)
  if (folder === commonFolder) for (const path of [folder, draft]) await chmod(path, 0o755)
  await rename(draft, copy).catch(() => {}) // another start was faster
  await rm(partial, { recursive: true, force: true })
  return copy
}
