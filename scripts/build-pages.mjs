// Builds the browser code into src/pages/built. Runs after `npm install`, on any version of Node.
// Each page's script and its imports become one file, so that the server bundles nothing at runtime.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import scalar from '@scalar/fastify-api-reference'
import { build } from 'esbuild'
import fastify from 'fastify'
import { writeConsoleClient } from './console-client.mjs'
import { writeConsoleHints } from './console-hints.mjs'

const pages = new URL('../src/pages/', import.meta.url)
const built = new URL('built/', pages)

const entries = [
  'home/page.css',
  'home/page.js',
  'home/icon.svg',
  'home/demo.ts',
  'chat/page.css',
  'chat/app.ts',
  'chat/preview.ts',
  'docs/page.css',
  'docs/page.js',
]

const { outputFiles } = await build({
  entryPoints: entries.map((file) => fileURLToPath(new URL(file, pages))),
  outbase: fileURLToPath(pages),
  outdir: fileURLToPath(built),
  bundle: true,
  write: false,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  loader: { '.svg': 'copy' },
  logLevel: 'silent',
})
const files = [
  ...outputFiles.map(({ path, contents }) => ({ path, contents })),
  { path: fileURLToPath(new URL('docs/scalar.js', built)), contents: await apiReference() },
  ...(await buildConsole()),
]
await rm(built, { recursive: true, force: true })
await Promise.all(files.map(write))

/** Returns the script of the API reference, which its package provides only through a server. */
async function apiReference() {
  const app = fastify()
  await app.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json' } })
  const { statusCode, rawPayload } = await app.inject('/docs/js/scalar.js')
  if (statusCode !== 200) throw new Error(`The script of the API reference is not there: ${statusCode}`)
  await app.close()
  return rawPayload
}

/** Builds the console: files whose names contain a hash of their content, and the page that refers to them. */
async function buildConsole() {
  await Promise.all([writeConsoleClient(), writeConsoleHints()])
  const source = new URL('../console/', import.meta.url)
  const { outputFiles, metafile } = await build({
    entryPoints: ['main.tsx', 'styles/main.css'].map((file) => fileURLToPath(new URL(`src/${file}`, source))),
    outdir: fileURLToPath(new URL('console/assets/', built)),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    metafile: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  })
  const outputOf = (extension) =>
    Object.entries(metafile.outputs).find(
      ([path, { entryPoint }]) =>
        entryPoint?.includes('console/src/') && /\/main-/.test(path) && path.endsWith(extension),
    )
  const [script, { imports }] = outputOf('.js')
  const [style] = outputOf('.css')
  // The imports of the main script are loaded in parallel with it, not after it.
  const preloads = imports
    .filter(({ kind, external }) => kind === 'import-statement' && !external)
    .map(({ path }) => `<link rel="modulepreload" href="{{path}}/console/assets/${basename(path)}">`)
  const page = (await readFile(new URL('index.html', source), 'utf8'))
    .replace('main.js', () => basename(script))
    .replace('main.css', () => basename(style))
    .replace('<!-- preloads -->', () => preloads.join('\n    '))
  return [
    ...outputFiles.map(({ path, contents }) => ({ path, contents })),
    { path: fileURLToPath(new URL('console/page.html', built)), contents: page },
  ]
}

/** Writes a file, and a compressed copy for clients that accept gzip. */
async function write({ path, contents }) {
  await mkdir(dirname(path), { recursive: true })
  await Promise.all([writeFile(path, contents), writeFile(`${path}.gz`, await promisify(gzip)(contents))])
}
