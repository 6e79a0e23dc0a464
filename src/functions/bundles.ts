// Builds what function processes run from the sources: our own code, and the default dependencies. Each is a single
// bundle, because processes may read hardly any files.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { defaultDependencies } from '#resources/runtime.ts'

/** Returns the code of both files by name. */
export async function bundleBootstrap(): Promise<Record<'bootstrap' | 'packages', Uint8Array>> {
  const [bootstrap, packages] = await Promise.all([
    bundle({ entryPoints: [fileURLToPath(new URL('./bootstrap/main.ts', import.meta.url))] }),
    bundle({ stdin: { contents: packagesScript(), resolveDir: sdkFolder() } }),
  ])
  return { bootstrap, packages }
}

/** Each package is evaluated only when it is first required. */
function packagesScript(): string {
  const names = defaultDependencies.map(({ name }) => JSON.stringify(name))
  return `module.exports = { ${names.map((name) => `${name}: () => require(${name})`).join(', ')} }`
}

/** Packages are resolved from this folder, which yields the axios version that the SDK requires. */
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
