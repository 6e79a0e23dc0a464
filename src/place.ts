// Locates the files of the package. In the repository, sources run directly from src/. The published package has them
// compiled into one flat folder, dist/; see scripts/build.ts.
import { readdir, readFile } from 'node:fs/promises'

/** Either `src/` or `dist/`. */
const code = new URL('.', import.meta.url)

export const isCompiled = import.meta.url.endsWith('.js')

/** Programs that are started by file, in a process or thread of their own; each is an entry point of the build. */
const programs = {
  background: 'background.ts',
  orphan: 'postgres/orphan.ts',
  unpack: 'postgres/unpack.ts',
}

export function programFile(name: keyof typeof programs): URL {
  return new URL(isCompiled ? `${name}.js` : programs[name], code)
}

/** Returns the URL of a file next to the code, by its path relative to `src/` or `dist/`. */
export function fileOfCode(path: string): URL {
  return new URL(path, code)
}

export async function packageVersion(): Promise<string> {
  return JSON.parse(await readFile(fileOfPackage('package.json'), 'utf8')).version
}

/** Returns the migrations of the package, in the order in which they are applied. */
export async function migrationNames(): Promise<string[]> {
  const entries = await readdir(fileOfPackage('prisma/migrations'), { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
}

/** Returns the URL of a file of the package, by its path relative to package.json. */
export function fileOfPackage(path: string): URL {
  return new URL(`../${path}`, code)
}
