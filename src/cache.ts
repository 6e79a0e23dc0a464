// The user's cache folder: database templates and compiled code, which can be rebuilt.
import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** Returns this system's cache folder for the user. Its content may be deleted at any time. */
export function cacheFolderOf(environment: Record<string, string | undefined>): string {
  const { XDG_CACHE_HOME: ofUser, LOCALAPPDATA: ofWindows } = environment
  if (ofUser && isAbsolute(ofUser)) return join(ofUser, 'chatterie')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'chatterie')
  if (process.platform === 'win32' && ofWindows) return join(ofWindows, 'chatterie', 'Cache')
  return join(homedir(), '.cache', 'chatterie')
}

/**
 * Creates the folder if it does not exist.
 * @returns its real path; null if it cannot be created, or if other users could write to it
 */
export function openCache(path: string): string | null {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const folder = realpathSync(path)
    return isOurs(folder) ? folder : null
  } catch {
    return null
  }
}

/** Keeps the compiled code of modules loaded after this call; the next start takes a quarter of a second less. */
export function keepCompiledCode(environment: Record<string, string | undefined>): void {
  const cache = openCache(cacheFolderOf(environment))
  if (cache) enableCompileCache(join(cache, 'code'))
}

const writableByOthers = 0o022
const sticky = 0o1000

/** Returns whether no other user can write to the folder or replace it. */
function isOurs(path: string): boolean {
  const user = process.getuid?.()
  if (user === undefined) return true // Windows keeps users' folders apart
  const own = lstatSync(path)
  if (own.uid !== user || own.mode & writableByOthers) return false
  for (let folder = path; folder !== dirname(folder); ) {
    folder = dirname(folder)
    const { uid, mode } = lstatSync(folder)
    if (uid !== 0 && uid !== user) return false
    if (mode & writableByOthers && !(mode & sticky)) return false
  }
  return true
}
