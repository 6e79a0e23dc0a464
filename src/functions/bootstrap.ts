// The two files that processes of functions run: our own code, and the default dependencies in one piece. Processes
// may read hardly anything, so each is a bundle of its own; made once, named by what is in it.

import { createHash } from 'node:crypto'
import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { v4 as uuid } from 'uuid'
import { defaultDependencies } from '#resources/runtime.ts'

export interface Bootstrap {
  /** What a process starts with. */
  mainFile: string
  /** Gives the default dependencies, by name, to who asks. */
  packagesFile: string
}

/** Writes both files into the folder, where they are not there yet. */
export async function buildBootstrap(folder: string): Promise<Bootstrap> {
  await mkdir(folder, { recursive: true })
  const [mainFile, packagesFile] = await Promise.all([
    bundle(folder, 'bootstrap', {
      entryPoints: [fileURLToPath(new URL('./bootstrap/main.ts', import.meta.url))],
    }),
    bundle(folder, 'packages', { stdin: { contents: packagesScript(), resolveDir: sdkFolder() } }),
  ])
  return { mainFile, packagesFile }
}

/** Each package runs only once it is asked for. */
function packagesScript(): string {
  const names = defaultDependencies.map(({ name }) => JSON.stringify(name))
  return `module.exports = { ${names.map((name) => `${name}: () => require(${name})`).join(', ')} }`
}

/** Packages are looked up from there, which gives the axios that the SDK asks for. */
function sdkFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('chatkitty-platform-sdk/package.json'))
}

async function bundle(folder: string, name: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    logLevel: 'silent',
  })
  const contents = outputFiles?.[0]?.contents ?? new Uint8Array()
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16)
  const file = join(folder, `${name}-${hash}.cjs`)
  if ((await stat(file).catch(() => undefined))?.size === contents.length) return file
  const draft = `${file}.${uuid()}`
  await writeFile(draft, contents)
  await rename(draft, file)
  return file
}
