// Installations with the real npm and a minimal registry.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findDependencies, installDependencies } from '#functions/install.ts'
import { handler, startRunner } from './support.ts'

const run = promisify(execFile)

let registry: Server
let origin: string
let isDown = false
let requests: string[] = []
const tarballs = new Map<string, Buffer>()
const sandbox = await mkdtemp(join(tmpdir(), 'chatterie-install-'))
let folder: string
/** The folder of a runtime whose dependencies are installed. */
const before = join(sandbox, 'before')

/** Publishes a package whose only file exports its version. */
async function publish(name: string, version: string, more: object = {}): Promise<void> {
  const source = join(sandbox, `${name}-${version}`, 'package')
  await mkdir(source, { recursive: true })
  await writeFile(join(source, 'package.json'), JSON.stringify({ name, version, main: 'index.js', ...more }))
  await writeFile(join(source, 'index.js'), `module.exports = '${name} ${version}'`)
  const file = join(sandbox, `${name}-${version}.tgz`)
  await run('tar', ['-czf', file, '-C', join(source, '..'), 'package'])
  tarballs.set(`${name}-${version}`, await readFile(file))
}

function manifestOf(name: string): object | undefined {
  const entries = [...tarballs].filter(([key]) => key.startsWith(`${name}-`))
  if (entries.length === 0) return undefined
  const versions = entries.map(([key, tarball]) => {
    const version = key.slice(name.length + 1)
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const extra = name === 'scripted' ? { bin: { scripted: 'index.js' }, hasInstallScript: true } : {}
    return [
      version,
      { name, version, ...extra, dist: { tarball: `${origin}/${key}.tgz`, integrity } },
    ] as const
  })
  return { name, 'dist-tags': { latest: versions.at(-1)?.[0] }, versions: Object.fromEntries(versions) }
}

beforeAll(async () => {
  registry = createServer((request, answer) => {
    const path = request.url?.slice(1) ?? ''
    requests.push(path)
    const tarball = tarballs.get(path.replace(/\.tgz$/, ''))
    const manifest = manifestOf(path)
    if (isDown) answer.writeHead(503).end()
    else if (path.endsWith('.tgz') && tarball) answer.end(tarball)
    else if (manifest) answer.setHeader('content-type', 'application/json').end(JSON.stringify(manifest))
    else answer.writeHead(404).end('{}')
  }).listen(0, '127.0.0.1')
  await once(registry, 'listening')
  origin = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`
  await publish('left', '1.0.0')
  await publish('left', '1.2.0')
  await publish('scripted', '1.0.0', { scripts: { install: 'touch ran' }, bin: { scripted: 'index.js' } })
  folder = before
  folderOf(await install('1.0.0'))
  requests = []
})
beforeEach(async () => {
  folder = await mkdtemp(join(sandbox, 'runtime-'))
})
afterEach(() => {
  isDown = false
  requests = []
})
afterAll(async () => {
  registry.close()
  await rm(sandbox, { recursive: true, force: true })
})

/** The options of an operator whose npm uses the test registry. */
const options = () => ({
  environment: {
    // Without the settings of the npm that runs the tests, such as a cafile.
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name))),
    npm_config_registry: origin,
    npm_config_fetch_retries: '0',
    DATABASE_URL: 'postgres://secret',
  },
})
const install = (version: string, name = 'left') =>
  installDependencies(folder, [{ name, version }], options())
const folderOf = (installed: Awaited<ReturnType<typeof install>>) => {
  expect(installed).toEqual({ folder: expect.stringContaining(folder) })
  return 'folder' in installed ? installed.folder : ''
}
/** Restores the folder with version 1.0.0 installed. */
const installedBefore = async () => {
  await cp(before, folder, { recursive: true })
  return folderOf(await install('1.0.0'))
}

describe('dependencies', () => {
  it.each([
    ['1.0.0', 'left 1.0.0'],
    ['^1.0.0', 'left 1.2.0'],
  ])('are installed in the requested version: %s', async (version, exported) => {
    const dependenciesFolder = folderOf(await install(version))
    const runner = await startRunner()
    const script = handler(`return require('left')`)
    expect(await runner.result(script, { spec: { dependenciesFolder } })).toBe(exported)
    await runner.close()
  })

  it('are installed once, by the first caller', async () => {
    const first = await installedBefore()
    expect(await Promise.all([install('1.0.0'), install('1.0.0')])).toEqual([
      { folder: first },
      { folder: first },
    ])
    expect(requests).toEqual([])
    const both = await Promise.all([install('1.2.0'), install('1.2.0')])
    expect(both[0]).toEqual(both[1])
    expect(requests.filter((path) => path === 'left').length).toBe(1)
  })

  it('cannot run scripts, and contain no links', async () => {
    const installed = folderOf(await install('1.0.0', 'scripted'))
    expect((await readdir(join(installed, 'node_modules/scripted'))).toSorted()).toEqual([
      'index.js',
      'package.json',
    ])
    expect(existsSync(join(installed, 'node_modules/.bin'))).toBe(false)
  })

  it.each([
    ['that does not exist', 'nothing', '1.0.0', /404|not found/i],
    ['of a version that does not exist', 'left', '9.9.9', /No matching version found for left@9\.9\.9/],
  ])(
    'fail for a package %s, with the message of npm and without the path of its logs',
    async (_, name, version, words) => {
      const failure = await install(version, name)
      expect(failure).toEqual({ error: expect.stringMatching(words) })
      expect(failure).toEqual({ error: expect.not.stringMatching(/_logs|debug-\d/) })
      expect(await readdir(folder), 'nothing half done is left').toEqual([])
    },
  )

  it.each([
    'file:..',
    'git+https://example.com/a.git',
    'https://example.com/a.tgz',
    'npm:other@1',
    'link:..',
  ])('cannot be installed from elsewhere: %s', async (version) => {
    expect(await install(version)).toEqual({ error: expect.stringContaining('left') })
    expect(requests).toEqual([])
  })

  it('from before stay in use where new ones cannot be installed', async () => {
    const good = await installedBefore()
    isDown = true
    expect(await install('1.2.0')).toEqual({ error: expect.any(String), lastGood: good })
    expect(await findDependencies(folder)).toBe(good)
    expect(await install('1.0.0'), 'and need no registry').toEqual({ folder: good })
    isDown = false
    const better = folderOf(await install('1.2.0'))
    expect(await findDependencies(folder)).toBe(better)
  })

  it('unused for long are removed, recent ones are not', async () => {
    const sets = [await installedBefore()]
    for (const version of ['1.2.0', '^1.0.0']) sets.push(folderOf(await install(version)))
    expect(sets.map((set) => existsSync(set))).toEqual([false, true, true])
  })

  it('that take too long are aborted', async () => {
    const given = { ...options(), timeoutMs: 1 }
    expect(await installDependencies(folder, [{ name: 'left', version: '1.0.0' }], given)).toEqual({
      error: 'npm did not finish within 1 ms',
    })
  })

  it('that were interrupted are installed again', async () => {
    const whole = await installedBefore()
    await rm(join(whole, '.complete'))
    await rm(join(whole, 'node_modules'), { recursive: true })
    expect(folderOf(await install('1.0.0'))).toBe(whole)
    expect(await readdir(join(whole, 'node_modules/left'))).toContain('index.js')
  })
})

describe('npm', () => {
  /** Runs a fake npm that reports its environment, settings and arguments. */
  async function tell(
    more: Record<string, string>,
  ): Promise<{ variables: string[]; settings: string; args: string }> {
    const at = await mkdtemp(join(sandbox, 'npm-'))
    for (const folder of [sandbox, at]) await chmod(folder, 0o755)
    const script = `const fs = require('fs')
      const settings = fs.readFileSync(process.argv.find((each) => each.startsWith('--userconfig=')).slice(13), 'utf8')
      fs.writeSync(2, 'npm error ' + JSON.stringify({ variables: Object.keys(process.env), settings, args: process.argv.join(' ') }))
      process.exitCode = 1`
    await writeFile(join(at, 'npm.cjs'), script)
    const answer = await installDependencies(folder, [{ name: 'left', version: '1.0.0' }], {
      environment: { ...options().environment, ...more },
      npm: [process.execPath, join(at, 'npm.cjs')],
    })
    return JSON.parse('error' in answer ? answer.error : '')
  }

  it('gets the environment variables that it needs, and none of the secrets of the server', async () => {
    const { variables } = await tell({
      HTTPS_PROXY: 'http://proxy',
      CHATTERIE_ENCRYPTION_KEY: 'secret',
      npm_config_global: 'true',
      npm_config_git: '/bin/false',
      NODE_OPTIONS: '',
    })
    expect(variables).toEqual(expect.arrayContaining(['HTTPS_PROXY', 'PATH', 'HOME']))
    const strange = /DATABASE|CHATTERIE|npm_|NODE_OPTIONS/
    expect(variables.filter((name) => strange.test(name))).toEqual([])
  })

  it('uses the registries of the operator, and no other setting of a user or a package', async () => {
    const { settings, args } = await tell({
      'npm_config_@team:registry': 'https://npm.team.example/',
      'npm_config_//npm.team.example/:_authToken': 'to"ken',
      NPM_CONFIG_STRICT_SSL: 'true',
      npm_config_userconfig: join(sandbox, 'npmrc'),
      npm_config_git: '/bin/false',
      npm_config_ignore_scripts: 'false',
    })
    expect(settings.split('\n').toSorted()).toEqual(
      [
        '',
        '//npm.team.example/:_authToken="to\\"ken"',
        '@team:registry="https://npm.team.example/"',
        'fetch-retries="0"',
        `registry="${origin}"`,
        'strict-ssl="true"',
      ].toSorted(),
    )
    expect(args).not.toContain('ken')
    for (const flag of [
      '--allow-git=none',
      '--allow-remote=none',
      '--allow-file=none',
      '--allow-directory=none',
    ])
      expect(args).toContain(flag)
  })
})
