// Where the files of the package lie. In the repository sources run as they are, in src/. The published package has
// them compiled, in dist/, where all code lies in one folder: scripts/build.mjs.

/** `src/` or `dist/`. */
const code = new URL('.', import.meta.url)

export const isCompiled = import.meta.url.endsWith('.js')

/** What is started by its file, in a process or a thread of its own; each is an entry of the build. */
const programs = {
  background: 'background.ts',
  orphan: 'postgres/orphan.ts',
}

export function programFile(name: keyof typeof programs): URL {
  return new URL(isCompiled ? `${name}.js` : programs[name], code)
}

/** A file that comes with the code, by its path from `src/` or `dist/`. */
export function fileOfCode(path: string): URL {
  return new URL(path, code)
}

/** A file of the package itself, by its path from where package.json is. */
export function fileOfPackage(path: string): URL {
  return new URL(`../${path}`, code)
}
