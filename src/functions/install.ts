// Customers' dependencies, installed by npm into folders named by what is in them.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import semver from 'semver'
import { v4 as uuid } from 'uuid'
import { type InstallOptions, installPackages } from './npm.ts'

export interface Dependency {
  name: string
  /** Or a range of versions. */
  version: string
}

/** Where the set is, or why not, for the customer; then `lastGood` is the set that was in use before. */
export type Installation = { folder: string } | { error: string; lastGood?: string }

/** In a folder that is complete. */
const marker = '.complete'
/** Names the folder of the last set that was complete. */
const pointer = 'dependencies.json'
/** In use, and the one before, which processes that finish may still read. */
const setsKept = 2

const underWay = new Map<string, Promise<Installation>>()
/** The set of each folder that this process used last. */
const inUse = new Map<string, string>()

/**
 * Installs exactly these packages into a folder within `folder`, unless that has been done. Scripts of packages do not
 * run. A process that reads from another set is not disturbed.
 */
export function installDependencies(
  folder: string,
  dependencies: Dependency[],
  options: InstallOptions,
): Promise<Installation> {
  const manifest = manifestOf(dependencies)
  const target = join(folder, `dependencies-${hashOf(manifest)}`)
  const running = underWay.get(target)
  if (running) return running
  const installing = install(folder, target, manifest, dependencies, options).finally(() =>
    underWay.delete(target),
  )
  underWay.set(target, installing)
  return installing
}

/** The last set that was installed; undefined where there was none. */
export async function findDependencies(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, pointer), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const target = join(folder, basename(JSON.parse(text).folder))
  return existsSync(join(target, marker)) ? target : undefined
}

async function install(
  folder: string,
  target: string,
  manifest: string,
  dependencies: Dependency[],
  options: InstallOptions,
): Promise<Installation> {
  const isComplete = existsSync(join(target, marker))
  if (isComplete && inUse.get(folder) === target) return { folder: target }
  const problem = isComplete
    ? undefined
    : (whyNotInstallable(dependencies) ?? (await fill(target, manifest, options)))
  if (problem === undefined) {
    await use(folder, target)
    return { folder: target }
  }
  const lastGood = await findDependencies(folder)
  return { error: problem, ...(lastGood && { lastGood }) }
}

async function use(folder: string, target: string): Promise<void> {
  const now = new Date()
  await utimes(target, now, now)
  await writeWhole(join(folder, pointer), JSON.stringify({ folder: basename(target) }))
  inUse.set(folder, target)
  await removeOld(folder, target)
}

function manifestOf(dependencies: Dependency[]): string {
  const entries = dependencies.map(({ name, version }) => [name, version] as const)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify({ private: true, dependencies: Object.fromEntries(entries) })
}

/** Another Node may need other builds of a package. */
function hashOf(manifest: string): string {
  const abi = process.versions.modules
  return createHash('sha256').update(`${abi} ${manifest}`).digest('hex').slice(0, 16)
}

/** Folders, git repositories and tarballs are no business of npm here; those of packages are found out on the way. */
function whyNotInstallable(dependencies: Dependency[]): string | undefined {
  const wrong = dependencies.find(({ version }) => semver.validRange(version) === null)
  return wrong && `${wrong.name}: ${wrong.version} is not a version or a range of versions`
}

/** @returns what went wrong */
async function fill(target: string, manifest: string, options: InstallOptions): Promise<string | undefined> {
  try {
    await mkdir(dirname(target), { recursive: true })
    return await installPackages(target, { 'package.json': manifest, [marker]: '' }, options)
  } catch (error) {
    return `dependencies could not be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${uuid()}`
  await writeFile(draft, text)
  await rename(draft, file)
}

/** Sets that nobody can use any more, and what an installation that was killed has left. */
async function removeOld(folder: string, target: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('dependencies-'))
  const sets = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), time: await timeOf(join(folder, name)) })),
  )
  sets.sort((a, b) => b.time - a.time)
  const others = sets.filter(({ path }) => path !== target && !underWay.has(path.replace(/\.[^.]*$/, '')))
  for (const { path } of others.slice(setsKept - 1)) await rm(path, { recursive: true, force: true })
}

async function timeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0
}
