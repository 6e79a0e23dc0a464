// What processes of functions run, made of the sources: our own code, and the default dependencies in one piece.
// Processes may read hardly anything, so each is a bundle of its own.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { defaultDependencies } from '#resources/runtime.ts'

/** The code of each of the two files, by its name. */
export async function bundleBootstrap(): Promise<Record<'bootstrap' | 'packages', Uint8Array>> {
  const [bootstrap, packages] = await Promise.all([
    bundle({ entryPoints: [fileURLToPath(new URL('./bootstrap/main.ts', import.meta.url))] }),
    bundle({ stdin: { contents: packagesScript(), resolveDir: sdkFolder() } }),
  ])
  return { bootstrap, packages }
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

async function bundle(options: BuildOptions): Promise<Uint8Array> {
  const { outputFiles } = await build({
    ...options,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    logLevel: 'silent',
  })
  return outputFiles?.[0]?.contents ?? new Uint8Array()
}
