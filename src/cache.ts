// The user's folder for what can be made again: templates of databases, compiled code.
import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** Where this system keeps such things for this user; nobody relies on what is there. */
export function cacheFolderOf(environment: Record<string, string | undefined>): string {
  const { XDG_CACHE_HOME: ofUser, LOCALAPPDATA: ofWindows } = environment
  if (ofUser && isAbsolute(ofUser)) return join(ofUser, 'chatterie')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'chatterie')
  if (process.platform === 'win32' && ofWindows) return join(ofWindows, 'chatterie', 'Cache')
  return join(homedir(), '.cache', 'chatterie')
}

/**
 * Makes the folder unless it is there.
 * @returns its real path; null where it cannot be had, or where others could put something into it
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

/** What is loaded from here on is compiled once and kept for the next start: a quarter of a second less. */
export function keepCompiledCode(environment: Record<string, string | undefined>): void {
  const cache = openCache(cacheFolderOf(environment))
  if (cache) enableCompileCache(join(cache, 'code'))
}

const writableByOthers = 0o022
const sticky = 0o1000

/** Whether nobody else can write there, or put another folder in its place. */
function isOurs(path: string): boolean {
  const user = process.getuid?.()
  if (user === undefined) return true // Windows keeps users' folders apart by itself
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
