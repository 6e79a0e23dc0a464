// Only packages from the registry are installed, and only their regular files.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findDependencies, installDependencies } from '#functions/install.ts'
import { exceededLimit, measure, whyNotFromRegistries, whyNotPlain } from '#functions/packages.ts'
import { openRegistry, type Package, type Registry } from '../support/registry.ts'

let sandbox: string
let folder: string
/** The runtime folder of an application that has valid packages. */
let runtime: string
let registry: Registry
/** Another HTTP server on this machine, to which the server must not be made to send requests. */
let other: Server
let otherUrl: string
let asked: string[] = []
/** The file that the script of the git repository would create. */
let ran: string
let repository: string

beforeAll(async () => {
  sandbox = await mkdtemp(join(tmpdir(), 'chatterie-hostile-'))
  await chmod(sandbox, 0o755)
  other = createServer((request, answer) => {
    asked.push(request.url ?? '')
    answer.writeHead(404).end()
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  ran = join(sandbox, 'ran')
  repository = await makeRepository()
  registry = await openRegistry({ good: '1.0.0' })
  runtime = await mkdtemp(join(sandbox, 'runtime-'))
  folder = runtime
  expect(await install('good')).toEqual({ folder: expect.any(String) })
})
afterAll(async () => {
  await registry.close()
  other.close()
  await rm(sandbox, { recursive: true, force: true })
})
beforeEach(async () => {
  asked = []
  for (const name of Object.keys(registry.packages)) delete registry.packages[name]
  await rm(ran, { force: true })
  await mkdir(join(sandbox, 'runtime'), { recursive: true })
  folder = await mkdtemp(join(sandbox, 'runtime', 'of-'))
})

/**
 * Creates a git repository of a package whose `.npmrc` sets one of its own scripts as the git command. If npm prepared
 * the package, it would install its dependency from another repository with that script, even if scripts are disabled.
 */
async function makeRepository(): Promise<string> {
  const another = await commitAll('another', { 'package.json': '{"name":"another","version":"1.0.0"}' })
  return commitAll('repository', {
    'package.json': JSON.stringify({
      name: 'strange',
      version: '1.0.0',
      scripts: { prepare: 'true' },
      dependencies: { another },
    }),
    '.npmrc': 'git=./script.sh\n',
    'script.sh': `#!/bin/sh\ntouch ${ran}\nexit 1\n`,
  })
}

/** @returns the location of the repository, in npm's syntax */
async function commitAll(name: string, files: Record<string, string>): Promise<string> {
  const cwd = join(sandbox, name)
  await mkdir(cwd)
  for (const [file, text] of Object.entries(files)) await writeFile(join(cwd, file), text, { mode: 0o755 })
  const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.com']
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    [...author, 'commit', '-q', '-m', 'first'],
  ]) {
    execFileSync('git', args, { cwd })
  }
  return `git+${pathToFileURL(cwd)}`
}

const environment = () => ({ ...process.env, ...registry.settings })
const install = (name: string, npm?: string[]) =>
  installDependencies(folder, [{ name, version: '1.0.0' }], {
    environment: environment(),
    ...(npm && { npm }),
  })
const depending = (spec: string): Package => ({
  version: '1.0.0',
  manifest: { dependencies: { strange: spec } },
})

const specs: [string, () => string][] = [
  ['a git repository', () => repository],
  ['a git repository on another machine', () => `git+${otherUrl}/a.git`],
  ['a repository of GitHub', () => 'github:chatterie/nothing'],
  ['a folder', () => `file:${sandbox}`],
  ['a tarball of this machine', () => `file:${join(sandbox, 'a.tgz')}`],
  ['a tarball elsewhere', () => `${otherUrl}/a.tgz`],
  ['a link', () => 'link:..'],
]

it.each(specs)(
  'a dependency on %s is refused by name, installs nothing, and the previous dependencies stay in use',
  async (_, spec) => {
    await cp(runtime, folder, { recursive: true })
    const good = await findDependencies(folder)
    expect(good).toBeDefined()
    registry.packages.between = depending(spec())
    registry.packages.asked = { version: '1.0.0', manifest: { dependencies: { between: '1.0.0' } } }
    const answer = await install('asked')
    expect(answer).toEqual({ error: expect.stringMatching(/strange|link:/), lastGood: good })
    expect(await findDependencies(folder)).toBe(good)
    expect(asked, 'nobody else was asked').toEqual([])
    expect(existsSync(ran), 'no script ran').toBe(false)
    expect(await readdir(folder), 'nothing half done is left').toHaveLength(2)
  },
)

it('an optional dependency of a forbidden kind is left out, like one that is not available', async () => {
  registry.packages.asked = {
    version: '1.0.0',
    manifest: { optionalDependencies: { strange: repository, remote: `${otherUrl}/a.tgz` } },
  }
  const answer = await install('asked')
  expect(answer).toEqual({ folder: expect.any(String) })
  const modules = await readdir(join((answer as { folder: string }).folder, 'node_modules'))
  expect(modules.filter((name) => !name.startsWith('.'))).toEqual(['asked'])
  expect(asked).toEqual([])
  expect(existsSync(ran)).toBe(false)
})

it('a tarball that a registry hosts elsewhere is not fetched', async () => {
  registry.packages.asked = { version: '1.0.0', tarball: `${otherUrl}/asked.tgz` }
  expect(await install('asked')).toEqual({ error: expect.stringContaining('asked') })
  expect(asked).toEqual([])
})

it('the operator can set a registry for a scope', async () => {
  registry.packages['@team/tool'] = '1.0.0'
  const settings = {
    ...environment(),
    npm_config_registry: otherUrl,
    'npm_config_@team:registry': registry.settings.npm_config_registry,
  }
  const answer = await installDependencies(folder, [{ name: '@team/tool', version: '1.0.0' }], {
    environment: settings,
  })
  expect(answer).toEqual({ folder: expect.any(String) })
  expect(asked).toEqual([])
})

it.each([
  ['a symbolic link', { path: 'package/link', type: '2', target: '/etc/passwd' }],
  ['a symbolic link to a folder', { path: 'package/link', type: '2', target: '/etc' }],
  ['a hard link', { path: 'package/link', type: '1', target: '/etc/passwd' }],
  ['a file above', { path: 'package/../../../../above', text: 'x' }],
  ['a file at the root', { path: '/above', text: 'x' }],
  ['a pipe', { path: 'package/pipe', type: '6' }],
])('a tarball with %s installs plain files in its own folder only', async (_, entry) => {
  registry.packages.asked = { version: '1.0.0', entries: [entry] }
  const answer = await install('asked')
  if ('folder' in answer) expect(await whyNotPlain(answer.folder)).toBeUndefined()
  for (const at of [folder, join(sandbox, 'runtime'), sandbox, '/'])
    expect(await readdir(at)).not.toContain('above')
  const found = await readdir(join(folder), { recursive: true })
  expect(
    found.filter((path) => /above|link$|pipe$/.test(path) && !/node_modules.asked.above/.test(path)),
  ).toEqual([])
})

describe('whatever npm has done,', () => {
  /** A fake npm that creates additional files in the folder. */
  async function npmThat(act: string): Promise<string[]> {
    const at = await mkdtemp(join(sandbox, 'npm-'))
    await chmod(at, 0o755)
    const lock = { lockfileVersion: 3, packages: {} }
    await writeFile(
      join(at, 'npm.cjs'),
      `const fs = require('fs')
      fs.writeFileSync('package-lock.json', ${JSON.stringify(JSON.stringify(lock))})
      if (!process.argv.includes('--package-lock-only')) { fs.mkdirSync('node_modules/asked', { recursive: true }); ${act} }`,
    )
    return [process.execPath, join(at, 'npm.cjs')]
  }

  it.each([
    ['a link', `fs.symlinkSync('/', 'node_modules/asked/root')`, /asked.root is a link/],
    ['a hard link', `fs.writeFileSync('a', ''); fs.linkSync('a', 'node_modules/asked/b')`, /is a link/],
    ['a file that is too large', `fs.writeFileSync('x', ''); fs.truncateSync('x', 600 * 2 ** 20)`, /./],
  ])('%s is not accepted', async (_, act, message) => {
    expect(await install('asked', await npmThat(act))).toEqual({ error: expect.stringMatching(message) })
    expect(await readdir(folder)).toEqual([])
  })

  it('more files than the limit are not accepted, however small', async () => {
    const at = await mkdtemp(join(sandbox, 'many-'))
    await mkdir(join(at, 'a/b'), { recursive: true })
    for (const name of ['one', 'a/two', 'a/b/three']) await writeFile(join(at, name), '')
    const size = await measure(at)
    expect(size).toEqual({ files: 5, bytes: 0, odd: [] })
    expect(exceededLimit(size)).toBeUndefined()
    expect(exceededLimit({ ...size, files: 100_001 })).toBe('the packages have more than 100000 files')
  })

  it.runIf(process.getuid?.() === 0)(
    'npm does not run as root, and what it installed belongs to root',
    async () => {
      const npm = await npmThat(
        `fs.writeFileSync('node_modules/asked/id', JSON.stringify([process.getuid(), process.getgid(), process.getgroups()]))`,
      )
      const answer = await install('asked', npm)
      expect(answer).toEqual({ folder: expect.any(String) })
      const file = join((answer as { folder: string }).folder, 'node_modules/asked/id')
      const [uid, gid, groups] = JSON.parse(await readFile(file, 'utf8'))
      expect([uid, gid].includes(0)).toBe(false)
      expect(groups.filter((each: number) => each !== gid)).toEqual([])
      expect((await stat(file)).uid).toBe(0)
    },
  )

  const ok = { resolved: 'https://registry.example/npm/a/-/a-1.0.0.tgz', integrity: 'sha512-x' }
  it.each([
    ['a package of the registry', 'node_modules/a', ok, undefined],
    ['a nested package', 'node_modules/a/node_modules/@b/c', ok, undefined],
    ['a bundled package', 'node_modules/a/node_modules/b', { inBundle: true }, undefined],
    ['a link', 'node_modules/a', { ...ok, link: true }, /^a: it is a link/],
    ['a folder', 'packages/a', ok, /outside of node_modules/],
    ['a path that leads out', 'node_modules/../a', ok, /outside of node_modules/],
    ['a hidden folder', 'node_modules/.bin', ok, /outside of node_modules/],
    [
      'a git repository',
      'node_modules/a',
      { resolved: 'git+ssh://git@github.com/a/b.git#1' },
      /^a: git\+ssh/,
    ],
    ['a file', 'node_modules/a', { ...ok, resolved: 'file:../a.tgz' }, /^a: file:/],
    [
      'another host',
      'node_modules/a',
      { ...ok, resolved: 'https://example.com/npm/a.tgz' },
      /not of the registry/,
    ],
    [
      'another folder of the host',
      'node_modules/a',
      { ...ok, resolved: 'https://registry.example/a.tgz' },
      /not of/,
    ],
    ['no address', 'node_modules/a', { integrity: 'sha512-x' }, /^a: it is not of the registry/],
    ['no checksum', 'node_modules/a', { resolved: ok.resolved }, /^a: .*look like/],
  ])('a lock file with %s is checked', (_, path, entry, expected) => {
    const lock = JSON.stringify({ lockfileVersion: 3, packages: { '': {}, [path]: entry } })
    const problem = whyNotFromRegistries(lock, ['https://registry.example/npm'])
    if (expected) expect(problem).toMatch(expected)
    else expect(problem).toBeUndefined()
  })
})
