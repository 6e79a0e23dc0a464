// The published package, as it is installed.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isPortable } from '#postgres/packed.ts'
import { postmasterPid } from '../support/embedded.ts'
import { isAlive } from '../support/is-alive.ts'
import { exampleWorks } from './example.ts'
import { type Installed, installPackage } from './install.ts'
import { publish } from './registry.ts'
import { samplesWork } from './samples.ts'

let installed: Installed
let root: string
let manifest: Record<string, Record<string, unknown>>

beforeAll(async () => {
  installed = await installPackage()
  root = join(installed.folder, 'node_modules', 'chatterie')
  manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
})
afterAll(() => installed.remove())

interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs Node in the folder where the package is installed. */
async function node(args: string[], settings: Record<string, string> = {}): Promise<Ran> {
  const options = {
    cwd: installed.folder,
    // Warnings about slow statements on a slow machine are not relevant here.
    env: { PATH: process.env.PATH, LOG_LEVEL: 'warn', SLOW_STATEMENT_MS: 'off', ...settings },
    maxBuffer: 2 ** 24,
  }
  return promisify(execFile)(process.execPath, args, options).then(
    (output) => ({ code: 0, ...output }),
    (error) => error,
  )
}

const chatterie = (...args: string[]) => node([join(root, 'bin', 'chatterie.cjs'), ...args])

it('contains what it needs and nothing else, and runs nothing when it is installed', async () => {
  expect((await readdir(root)).toSorted()).toEqual(
    [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin',
      'dist',
      'node_modules',
      'openapi-admin.yaml',
      'openapi.yaml',
      'package.json',
      'prisma',
    ].toSorted(),
  )
  const scripts = Object.keys(manifest.scripts ?? {})
  expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([])
  expect(Object.keys(manifest.dependencies ?? {})).toEqual(['esbuild', 'npm'])
  expect(manifest.private).toBeUndefined()
})

it('publint and attw find nothing', async () => {
  const { messages } = await publint({ pkgDir: root, pack: false })
  expect(messages).toEqual([])
  const { code, stdout } = await node([
    resolve('node_modules/@arethetypeswrong/cli/dist/index.js'),
    installed.tarball,
    '--format=json',
  ])
  expect({ code, problems: JSON.parse(stdout).problems }).toEqual({ code: 0, problems: {} })
})

it.each(['nodenext', 'bundler'])('has types for a consumer with moduleResolution %s', async (resolution) => {
  const consumer = join(installed.folder, resolution)
  await mkdir(consumer)
  await writeFile(
    join(consumer, 'consumer.ts'),
    `import { version } from 'chatterie'
     import { startChatterie } from 'chatterie/testing'
     import { test } from 'chatterie/testing/vitest'
     import { test as browserTest } from 'chatterie/testing/playwright'
     export const text: string = version
     export const tests = [test, browserTest]
     export async function url(): Promise<string> {
       const chatterie = await startChatterie({ port: 0 })
       await chatterie.close()
       // @ts-expect-error a URL is no number
       const wrong: number = chatterie.url
       return chatterie.url
     }`,
  )
  const compilerOptions = {
    module: resolution === 'bundler' ? 'esnext' : resolution,
    moduleResolution: resolution,
    target: 'es2024',
    lib: ['es2024', 'dom'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  }
  await writeFile(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const { code, stdout } = await node([resolve('node_modules/typescript/bin/tsc'), '-p', consumer])
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
})

it('ends with exit code 2 if it is used wrongly, whichever bundle notices', async () => {
  for (const args of [['fly'], ['ui', 'get', 'colours'], ['start', '--seed', 'seed.json']]) {
    expect(await chatterie(...args)).toMatchObject({ code: 2, stdout: '' })
  }
})

it('serves its pages and the test API', async () => {
  const script = `
    const { CHATTERIE_URL: url } = process.env
    const get = async (path) => (await (await fetch(url + path)).text()).length > 0
    const paths = ['/', '/docs', '/docs/scalar.js', '/openapi.yaml', '/chat/app.js', '/_test/worlds', '/metrics', '/version']
    console.log(JSON.stringify(await Promise.all(paths.map(get))))`
  const { code, stdout, stderr } = await chatterie('exec', '--', process.execPath, '-e', script)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual(Array(8).fill(true))
})

it.runIf(isPortable)('unpacks the bundled database on its first start', async () => {
  const identifiers = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const cache = join(installed.folder, `cache-${name}`)
      await mkdir(cache, { mode: 0o700 })
      const ran = await node([join(root, 'bin', 'chatterie.cjs'), 'exec', '--', 'true'], {
        XDG_CACHE_HOME: cache,
      })
      expect(ran).toMatchObject({ code: 0, stderr: '' })
      const clusters = join(cache, 'chatterie', 'clusters')
      const [cluster = ''] = (await readdir(clusters)).filter((each) => each !== 'lock')
      const control = await readFile(join(clusters, cluster, 'data', 'global', 'pg_control'))
      return control.readBigUInt64LE() // the system identifier, which initdb generates
    }),
  )
  expect(new Set(identifiers).size).toBe(1)
})

it('does background work, and ends its Postgres after a kill -9', async () => {
  const home = join(installed.folder, 'home')
  const file = join(installed.folder, 'users.json')
  await writeFile(file, JSON.stringify([{ name: 'ada', displayName: 'Ada', isGuest: false, properties: {} }]))
  const command = [join(root, 'bin', 'chatterie.cjs'), '--home', home]
  const child = spawn(process.execPath, [...command, 'start', '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = await once(child.stdout, 'data')
  const imported = await node([...command, 'import', 'users', file, '--url', JSON.parse(line).url, '--json'])
  expect(imported).toMatchObject({ code: 0, stderr: '' })
  const postmaster = await postmasterPid(home)
  child.kill('SIGKILL')
  await expect.poll(() => isAlive(postmaster)).toBe(false)
})

it('compiles and runs chat functions', async () => {
  const file = join(installed.folder, 'sum.ts')
  await writeFile(
    file,
    `import * as sdk from 'chatkitty-platform-sdk'
     export async function handleEvent(event: { a: number }) { return typeof sdk === 'object' && event.a + 1 }`,
  )
  const { code, stdout, stderr } = await chatterie('functions', 'test', file, '--event', '{"a": 1}', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ status: 'SUCCEEDED', result: 2 })
})

it.each(['import', 'require'])('starts a server for tests that %s it', async (way) => {
  const start =
    way === 'import'
      ? "await import('chatterie/testing')"
      : "require('chatterie/testing'); void require('chatterie')"
  const file = join(installed.folder, way === 'import' ? 'start.mjs' : 'start.cjs')
  await writeFile(
    file,
    // On an old Node, it is the server that says so.
    `delete Promise.withResolvers
    ;(async () => {
      const { startChatterie } = ${start}
      const chatterie = await startChatterie()
      const { ok } = await fetch(chatterie.url + '/health')
      await chatterie.close()
      console.log(ok)
    })()`,
  )
  expect(await node([file])).toMatchObject({ code: 0, stdout: 'true\n', stderr: '' })
})

// The tag that npm prints is the one in its settings, which may differ from the one that it sends to the registry.
it('is public, and a release candidate has its own tag', async () => {
  const { version } = manifest
  // npm only needs the manifest for this; all other files would be unpacked and packed again.
  const slim = join(installed.folder, 'slim.tgz')
  await promisify(execFile)('tar', ['-czf', slim, '-C', join(root, '..'), 'chatterie/package.json'])
  expect(await publish(slim)).toMatchObject({ 'dist-tags': { next: version }, access: 'public' })
})

it('reports a Node that is too old, in one line', async () => {
  const old = join(installed.folder, 'old.cjs')
  await writeFile(old, "Object.defineProperty(process, 'versions', { value: { node: '20.19.5' } })")
  const { code, stdout, stderr } = await node(['-r', old, join(root, 'bin', 'chatterie.cjs'), '--version'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toBe('Chatterie needs Node 22.18 or later, and this is Node 20.19.5\n')
})

exampleWorks(() => installed)

samplesWork(() => installed)
