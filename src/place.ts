// Where the files of the package lie. In the repository sources run as they are, in src/. The published package has
// them compiled, in dist/, where all code lies in one folder: scripts/build.mjs.
import { readdir, readFile } from 'node:fs/promises'

/** `src/` or `dist/`. */
const code = new URL('.', import.meta.url)

export const isCompiled = import.meta.url.endsWith('.js')

/** What is started by its file, in a process or a thread of its own; each is an entry of the build. */
const programs = {
  background: 'background.ts',
  orphan: 'postgres/orphan.ts',
  unpack: 'postgres/unpack.ts',
}

export function programFile(name: keyof typeof programs): URL {
  return new URL(isCompiled ? `${name}.js` : programs[name], code)
}

/** A file that comes with the code, by its path from `src/` or `dist/`. */
export function fileOfCode(path: string): URL {
  return new URL(path, code)
}

/** The version of the package. */
export async function packageVersion(): Promise<string> {
  return JSON.parse(await readFile(fileOfPackage('package.json'), 'utf8')).version
}

/** The migrations that come with the package, in the order in which they are applied. */
export async function migrationNames(): Promise<string[]> {
  const entries = await readdir(fileOfPackage('prisma/migrations'), { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
}

/** A file of the package itself, by its path from where package.json is. */
export function fileOfPackage(path: string): URL {
  return new URL(`../${path}`, code)
}
