// Installs customers' dependencies with npm, into folders named by a hash of their content.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import semver from 'semver'
import { v4 as uuid } from 'uuid'
import { type InstallOptions, installPackages } from './npm.ts'

export interface Dependency {
  name: string
  /** A version or a range of versions. */
  version: string
}

/** The folder of the set, or an error message for the customer; then `lastGood` is the set used before. */
export type Installation = { folder: string } | { error: string; lastGood?: string }

/** Exists in a folder whose set is complete. */
const marker = '.complete'
/** Contains the folder of the last complete set. */
const pointer = 'dependencies.json'
/** The current set, and the previous one, which ending processes may still read. */
const setsKept = 2

const underWay = new Map<string, Promise<Installation>>()
/** The set that this process last used, by folder. */
const inUse = new Map<string, string>()

/**
 * Installs exactly these packages into a folder inside `folder`, unless that exists. Packages' scripts do not run.
 * Processes that read another set are not affected.
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

/** Returns the last set that was installed; undefined if there is none. */
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

/** Includes the ABI, because another Node version may need other builds of a package. */
function hashOf(manifest: string): string {
  const abi = process.versions.modules
  return createHash('sha256').update(`${abi} ${manifest}`).digest('hex').slice(0, 16)
}

/** Refuses folders, git repositories and tarballs; those that packages ask for are detected during installation. */
function whyNotInstallable(dependencies: Dependency[]): string | undefined {
  const wrong = dependencies.find(({ version }) => semver.validRange(version) === null)
  return wrong && `${wrong.name}: ${wrong.version} is not a version or a range of versions`
}

/** @returns the error, if any */
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

/** Deletes sets that no process can use any more, and remains of installations that were killed. */
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
