// Customers' dependencies, installed by npm into folders named by what is in them.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, delimiter, dirname, join } from 'node:path'
import semver from 'semver'

export interface Dependency {
  name: string
  /** Or a range of versions. */
  version: string
}

export interface InstallOptions {
  /** Of the server; npm gets what it needs to reach its registry, and nothing else. */
  environment: Record<string, string | undefined>
  timeoutMs?: number
}

/** Where the set is, or why not, for the customer; then `lastGood` is the set that was in use before. */
export type Installation = { folder: string } | { error: string; lastGood?: string }

const timeoutDefaultMs = 300_000
const outputCharactersMax = 4_000
/** Written last, into a folder that is complete. */
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

/** Folders, git repositories and tarballs are no business of npm here. */
function whyNotInstallable(dependencies: Dependency[]): string | undefined {
  const wrong = dependencies.find(({ version }) => semver.validRange(version) === null)
  return wrong && `${wrong.name}: ${wrong.version} is not a version or a range of versions`
}

/** Installs beside the target and moves it there in one piece. @returns what went wrong */
async function fill(
  target: string,
  manifest: string,
  { environment, timeoutMs = timeoutDefaultMs }: InstallOptions,
): Promise<string | undefined> {
  const npm = await findNpm(environment)
  if (!npm) return 'npm was not found, which installs dependencies'
  const draft = `${target}.${randomUUID()}`
  try {
    await mkdir(join(draft, 'node_modules'), { recursive: true })
    await writeFile(join(draft, 'package.json'), manifest)
    const problem = await runNpm(npm, draft, environmentOfNpm(environment), timeoutMs)
    if (problem) return problem
    await writeFile(join(draft, marker), '')
    await rm(target, { recursive: true, force: true })
    await rename(draft, target).catch((error) => {
      if (!existsSync(join(target, marker))) throw error // else another server process was first
    })
    return undefined
  } catch (error) {
    return `dependencies could not be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

const npmArguments = [
  ...['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--omit=dev'],
  // Nothing but files of packages: functions may read this folder, and links lead elsewhere.
  ...['--no-bin-links', '--no-package-lock', '--loglevel=error', '--no-color'],
]

/** @returns what npm had to say, where it failed */
function runNpm(
  npm: string[],
  folder: string,
  env: Record<string, string>,
  timeoutMs: number,
): Promise<string | undefined> {
  const [command = '', ...args] = [...npm, ...npmArguments]
  const child = spawn(command, args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-outputCharactersMax)
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`npm could not be run: ${error.message}`))
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined)
      else if (signal) resolve(`npm did not finish within ${timeoutMs} ms`)
      else resolve(messageOf(output) || `npm ended with exit code ${code}`)
    })
  })
}

/** Without where the operator keeps npm's own logs. */
function messageOf(output: string): string {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, ''))
  return lines
    .filter(
      (line) => line.trim() && !/complete log of this run|debug-\d+\.log|^\s*\S*[/\\]_logs[/\\]/i.test(line),
    )
    .join('\n')
    .trim()
}

/** How npm is started: the one that started us, the one beside this Node, or one that the PATH has. */
async function findNpm(environment: InstallOptions['environment']): Promise<string[] | undefined> {
  const beside = dirname(await realpath(process.execPath))
  const scripts = [
    environment.npm_execpath ?? '',
    join(beside, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(beside, 'node_modules/npm/bin/npm-cli.js'),
  ]
  const script = scripts.find((each) => basename(each) === 'npm-cli.js' && existsSync(each))
  if (script) return [process.execPath, script]
  const folders = (environment.PATH ?? environment.Path ?? '').split(delimiter).filter(Boolean)
  for (const folder of folders) {
    const found = await realpath(join(folder, 'npm')).catch(() => undefined)
    if (found) return basename(found) === 'npm-cli.js' ? [process.execPath, found] : [found]
    // On Windows `npm` is a batch file, which lies beside its script.
    const cli = join(folder, 'node_modules/npm/bin/npm-cli.js')
    if (existsSync(cli)) return [process.execPath, cli]
  }
  return undefined
}

const needed =
  /^(path|home|userprofile|appdata|localappdata|systemroot|comspec|te?mp|tmpdir|lang|lc_all|(https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|xdg_(cache|config)_home)$/i
/** Of what npm is told by variables: where its registries are, how to reach them, and where it keeps things. */
const neededOfNpm =
  /^npm_config_(.*registry.*|_?proxy|https_proxy|noproxy|ca|cafile|cert|certfile|key|keyfile|strict_ssl|userconfig|globalconfig|cache|fetch_.*|offline|prefer_offline|_.*|\/\/.*|@.*)$/i

function environmentOfNpm(environment: InstallOptions['environment']): Record<string, string> {
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && (needed.test(name) || neededOfNpm.test(name)) ? [[name, value] as const] : [],
  )
  return Object.fromEntries(entries)
}

async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`
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
