// Builds dist/, which is published: compiled JavaScript, so that an installation needs neither a build nor a download.
//
//   node scripts/build.ts [<folder>]
//
// With a folder, it is built there instead; tests use this.
//
// The server and the command line are bundled with the libraries they use, in chunks that are loaded on demand: a start
// reads thirty files instead of a thousand. Modules that others import are compiled one by one, with declarations.

import { execFile } from 'node:child_process'
import { cp, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve as resolvePath } from 'node:path'
import { promisify } from 'node:util'
import { build, type Metafile, type Plugin } from 'esbuild'
import { emojiFile, emojiPackages, readEmojiData } from '#data/messages/emoji-data.ts'
import { bundleBootstrap } from '#functions/bundles.ts'
import { isPortable } from '#postgres/packed.ts'
import { packedName } from '#template.ts'
import { leaveOut, loadLater } from './left-out.ts'
import { noticesOf } from './notices.ts'
import { packCluster } from './pack-cluster.ts'

const root = join(import.meta.dirname, '..')
const dist = resolvePath(process.argv[2] ?? join(root, 'dist'))
const { resolve } = createRequire(import.meta.url)

/** Modules that others import, by their path in src/ and dist/: the `exports` of package.json. */
const entries = ['index', 'testing/index', 'testing/setup', 'testing/vitest', 'testing/playwright']

const target = 'node22.18'

/** Omits libraries from source maps: they would take as much space as all of the code. */
const withoutMapsOfLibraries: Plugin = {
  name: 'without maps of libraries',
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/.*\.[cm]?js$/ }, async ({ path }) => {
      const nothing = { version: 3, sources: [basename(path)], sourcesContent: [''], mappings: 'AAAA' }
      const url = `data:application/json;base64,${btoa(JSON.stringify(nothing))}`
      const contents = `${await readFile(path, 'utf8')}\n//# sourceMappingURL=${url}`
      return { contents, loader: 'default' }
    })
  },
}

/** Importing `node:http` loads everything it exports, including its web client: 80 ms. `require` does not. */
const httpByRequire: Plugin = {
  name: 'http by require',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'node:http', namespace: 'by-require' } : undefined,
    )
    onLoad({ filter: /./, namespace: 'by-require' }, () => ({
      contents: "module.exports = require('node:http')",
    }))
  },
}

/** Bundles `start` separately: sharing chunks with all commands would make four times as many of them. */
const startByItself: Plugin = {
  name: 'start by itself',
  setup({ onResolve }) {
    onResolve({ filter: /^#cli\/start\.ts$/ }, () => ({ path: './start.js', external: true }))
  },
}

await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
await Promise.all([
  bundleServer(),
  compileEntries().then(declareForRequire),
  bundleForRequire(),
  writeBootstrap(),
  copyPages(),
  copySchemaEngine(),
  copyHook(),
  ...(isPortable ? [packCluster().then((packed) => writeFile(join(dist, packedName), packed))] : []),
  writeFile(join(dist, emojiFile), JSON.stringify(readEmojiData())),
])

/** Bundles everything into one folder, as src/place.ts expects. */
async function bundleServer(): Promise<void> {
  const [commands, server] = await Promise.all([
    bundle({ cli: 'src/cli/main.ts', cache: 'src/cache.ts' }, [startByItself]),
    bundle({
      start: 'src/cli/start.ts',
      background: 'src/background.ts',
      orphan: 'src/postgres/orphan.ts',
      unpack: 'src/postgres/unpack.ts',
    }),
  ])
  const inputs = Object.keys({ ...commands.inputs, ...server.inputs })
  const data = emojiPackages.map((name) => join('node_modules', name, 'package.json'))
  await writeFile(join(dist, 'THIRD-PARTY-NOTICES.txt'), await noticesOf([...inputs, ...data], root))
}

async function bundle(entryPoints: Record<string, string>, plugins: Plugin[] = []): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    external: ['esbuild', 'pg-native'],
    // Libraries in CommonJS use it to load Node's own modules.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    minifySyntax: true,
    sourcemap: 'linked',
    plugins: [withoutMapsOfLibraries, httpByRequire, leaveOut, loadLater, ...plugins],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  return metafile
}

async function compileEntries(): Promise<void> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.dist.json', '--outDir', dist], {
    cwd: root,
  })
}

/** Compiles the entries to CommonJS as well, for test runners such as Jest that use `require`. */
async function bundleForRequire(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => `src/${entry}.ts`),
    outbase: 'src',
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    packages: 'external',
    format: 'cjs',
    platform: 'node',
    target,
    define: { 'import.meta.url': 'urlOfFile' },
    banner: { js: "const urlOfFile = require('node:url').pathToFileURL(__filename).href;" },
    sourcemap: 'linked',
    logLevel: 'warning',
  })
}

/** Copies the declarations for users of `require`. The compiler keeps the import paths of the sources in them. */
async function declareForRequire(): Promise<void> {
  for await (const path of glob('**/*.d.ts', { cwd: dist })) {
    const text = await readFile(join(dist, path), 'utf8')
    const leadingTo = (extension: string) =>
      text.replace(
        /((?:from |import\()['"]\..*?)\.ts(['"])/g,
        (_, before, after) => before + extension + after,
      )
    await writeFile(join(dist, path), leadingTo('.js'))
    await writeFile(join(dist, path.replace(/\.d\.ts$/, '.d.cts')), leadingTo('.cjs'))
  }
}

async function writeBootstrap(): Promise<void> {
  const bundles = await bundleBootstrap()
  await mkdir(join(dist, 'functions'))
  for (const [name, code] of Object.entries(bundles)) {
    await writeFile(join(dist, 'functions', `${name}.cjs`), code)
  }
}

async function copyPages(): Promise<void> {
  const pages = join(root, 'src', 'pages')
  await cp(join(pages, 'built'), join(dist, 'pages', 'built'), { recursive: true })
  for await (const page of glob('*/*.html', { cwd: pages })) {
    await cp(join(pages, page), join(dist, 'pages', page))
  }
}

async function copySchemaEngine(): Promise<void> {
  const name = 'schema_engine_bg.wasm'
  const folder = dirname(resolve('@prisma/schema-engine-wasm/schema_engine_bg'))
  await cp(join(folder, name), join(dist, name))
}

/** Copies the hook that Node loads into intercepted programs: unchanged, for any version of Node. */
async function copyHook(): Promise<void> {
  await cp(join(root, 'src', 'intercept', 'hook.mjs'), join(dist, 'intercept', 'hook.mjs'))
}
