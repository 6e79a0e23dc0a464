// Prepares the home folder, and checks that it can be used before anything is started in it.

import { mkdir, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { v4 as uuid } from 'uuid'

/** Disk space that a new database needs. */
const newDatabaseBytes = 100_000_000
/** Size of the file that is written to test the disk. */
const trialBytes = 65_536
/** Limit for the whole path; Postgres limits the paths of its files to 1,024 bytes. */
const pathBytesMax = 900

/** The entries of a home folder; each may be missing. */
const contents = [
  { name: 'postgres', isFolder: true },
  { name: 'files', isFolder: true },
  { name: 'runtimes', isFolder: true },
  { name: 'credentials.json', isFolder: false },
  { name: 'operator.json', isFolder: false },
  { name: 'encryption-key', isFolder: false },
]

/**
 * Creates the folder if it does not exist and checks that it can be used.
 * @throws Error with one line for the operator that says why it cannot
 */
export async function prepareHome(home: string): Promise<void> {
  try {
    if (Buffer.byteLength(home) > pathBytesMax) throw Object.assign(new Error(), { code: 'ENAMETOOLONG' })
    await makeFolder(home)
    for (const { name, isFolder } of contents) await checkPath(join(home, name), isFolder)
    await mustHaveDiskSpace(home)
    await tryToWrite(home)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const why = reasons[code] ?? message
    throw new Error(
      `CHATTERIE_HOME ${home} cannot be used: ${why}. Set CHATTERIE_HOME to a folder that can be written to`,
    )
  }
}

/** @throws Error if `unknown`, the migrations of a newer version in the home's database, is not empty */
export function mustNotBeNewer(home: string, unknown: string[]): void {
  if (unknown.length === 0) return
  throw new Error(
    `CHATTERIE_HOME ${home} cannot be used: a newer version of Chatterie has changed its database (${unknown[0]}). Run that version, or set CHATTERIE_HOME to another folder`,
  )
}

const reasons: Record<string, string> = {
  EACCES: `user id ${process.getuid?.()} may not write there`,
  EPERM: `user id ${process.getuid?.()} may not write there`,
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: 'its quota of the disk is used up',
  ENAMETOOLONG: 'its path is too long',
  ELOOP: 'its symbolic links lead in a circle',
  ENOENT: 'no folder can be made there',
  ENOTDIR: 'a part of its path is not a folder',
  EIO: 'its disk has failed',
}

/** Creates one level at a time: with `recursive`, Node never returns on file systems without folders, such as /proc. */
async function makeFolder(path: string): Promise<void> {
  const code = await tryToMake(path)
  if (code === 'EEXIST') return checkPath(path, true, path)
  if (code === 'ENOENT' && dirname(path) !== path) {
    await makeFolder(dirname(path))
    await mkdir(path, { mode: 0o711 })
  }
}

/** @returns the code of a failure that the caller handles */
async function tryToMake(path: string): Promise<'EEXIST' | 'ENOENT' | undefined> {
  try {
    await mkdir(path, { mode: 0o711 })
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' || code === 'ENOENT') return code
    // Some file systems refuse before they check whether the folder exists.
    if (await stat(path).catch(() => null)) return 'EEXIST'
    throw error
  }
}

async function checkPath(path: string, isFolder: boolean, mustExist?: string): Promise<void> {
  const found = await stat(path).catch((error) => {
    if (error.code === 'ENOENT' && !mustExist) return null
    throw error.code === 'ENOENT' ? new Error(`${path} is a symbolic link to nothing`) : error
  })
  if (!found || (isFolder ? found.isDirectory() : found.isFile())) return
  throw new Error(`${path} is not a ${isFolder ? 'folder' : 'file'}`)
}

async function mustHaveDiskSpace(home: string): Promise<void> {
  if (await stat(join(home, 'postgres', 'data')).catch(() => null)) return
  // Some file systems do not report their size.
  const { blocks, bavail, bsize } = await statfs(home).catch(() => ({ blocks: 0, bavail: 0, bsize: 0 }))
  if (blocks > 0 && bavail * bsize < newDatabaseBytes) {
    const free = Math.floor((bavail * bsize) / 1_000_000)
    throw new Error(`its disk has ${free} MB left, and a new database takes ${newDatabaseBytes / 1_000_000}`)
  }
}

async function tryToWrite(home: string): Promise<void> {
  const path = join(home, `.trial-${uuid()}`)
  try {
    await writeFile(path, Buffer.alloc(trialBytes), { mode: 0o600, flush: true })
  } finally {
    await rm(path, { force: true })
  }
}
