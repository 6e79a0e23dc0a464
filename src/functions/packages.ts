// Checks sets of npm packages: only packages of registries, as plain files, with a bounded size. Checked whatever npm
// promises, because functions may read the folder and Node follows links out of it.
import { lstat, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'

const filesMax = 100_000
const bytesMax = 512 * 1024 * 1024
const lockCharactersMax = 16 * 1024 * 1024

const Lock = z.object({
  lockfileVersion: z.number().int().min(2),
  packages: z.record(
    z.string(),
    z.object({
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      inBundle: z.boolean().optional(),
    }),
  ),
})
type Entry = z.output<typeof Lock>['packages'][string]

/** Matches paths like `node_modules/a/node_modules/@b/c`. */
const place = /^node_modules\/(?:@[^/]+\/)?[^/@.][^/]*(?:\/node_modules\/(?:@[^/]+\/)?[^/@.][^/]*)*$/

/**
 * Returns why a `package-lock.json` contains something other than packages of these registries, with its name.
 * @param registries URLs
 */
export function whyNotFromRegistries(lock: string, registries: string[]): string | undefined {
  if (lock.length > lockCharactersMax) return 'there are too many packages'
  const { packages } = Lock.parse(JSON.parse(lock))
  const bases = registries.map((url) => new URL(url.endsWith('/') ? url : `${url}/`))
  for (const [path, entry] of Object.entries(packages)) {
    const problem = path === '' ? undefined : problemOf(path, entry, bases)
    if (problem) return `${path.replace(/^.*node_modules\//, '')}: ${problem}`
  }
  return undefined
}

function problemOf(path: string, { link, inBundle, resolved, integrity }: Entry, registries: URL[]) {
  if (!place.test(path)) return 'it would be outside of node_modules'
  if (link) return 'it is a link to a folder, not a package of a registry'
  // It is part of the tarball of the package that contains it.
  if (inBundle && resolved === undefined) return undefined
  const url = URL.parse(resolved ?? '')
  const isFromRegistry = registries.some(
    ({ origin, pathname }) => url?.origin === origin && url.pathname.startsWith(pathname),
  )
  if (!isFromRegistry) return `${resolved ?? 'it'} is not of the registry`
  return integrity ? undefined : 'the registry does not say what it has to look like'
}

interface Size {
  files: number
  bytes: number
  /** Paths of entries that are neither folders nor files with a single name. */
  odd: string[]
}

/** Measures a folder; stops once it exceeds `times` the limits of a set. */
export async function measure(folder: string, times = 1): Promise<Size> {
  const size: Size = { files: 0, bytes: 0, odd: [] }
  const folders = [folder]
  for (let at = folders.pop(); at !== undefined && !exceededLimit(size, times); at = folders.pop()) {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const path = join(at, entry.name)
      size.files++
      if (entry.isDirectory()) {
        folders.push(path)
        continue
      }
      const { size: bytes, nlink } = await lstat(path)
      size.bytes += bytes
      if (!entry.isFile() || nlink > 1) size.odd.push(path)
    }
  }
  return size
}

export function exceededLimit({ files, bytes }: Size, times = 1): string | undefined {
  if (files > times * filesMax) return `the packages have more than ${filesMax} files`
  return bytes > times * bytesMax ? `the packages have more than ${bytesMax / 1024 ** 2} MB` : undefined
}

/** Returns why an installed set is not a bounded number of plain files; undefined if it is. */
export async function whyNotPlain(folder: string): Promise<string | undefined> {
  const size = await measure(folder)
  const [odd] = size.odd
  if (odd !== undefined) return `${relative(join(folder, 'node_modules'), odd)} is a link or no file at all`
  return exceededLimit(size)
}
