// Runs the npm that comes with the server against the operator's registries, with no access to the rest of this
// machine. Strangers choose what it fetches, and any program it started for them would run as npm does.
import { existsSync } from 'node:fs'
import { cp, lchown, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { exceededLimit, measure, whyNotFromRegistries, whyNotPlain } from './packages.ts'
import { spawnSupervised } from './supervise.ts'

export interface InstallOptions {
  /** The server's environment; npm only gets what it needs to reach its registries. */
  environment: Record<string, string | undefined>
  /** Time limit for the whole installation. */
  timeoutMs?: number
  /** The command that runs npm; defaults to the one that comes with the server. */
  npm?: string[]
}

const timeoutDefaultMs = 300_000
const linesMax = 50
const charactersMax = 4_000
const measureMs = 1_000
const publicRegistry = 'https://registry.npmjs.org/'

/**
 * Creates `folder` with these files and the dependencies in their package.json: only packages of the operator's
 * registries, at any depth, as plain files. The folder appears complete or not at all.
 * @returns the error, if any, with the name of the package that caused it
 * @throws if the folder cannot be written
 */
export async function installPackages(
  folder: string,
  files: { 'package.json': string; [name: string]: string },
  options: InstallOptions,
): Promise<string | undefined> {
  const draft = await openDraft(folder)
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(draft.project, name), text)
    const settings = settingsOf(options.environment).map(
      ([name, value]) => `${name}=${JSON.stringify(value)}\n`,
    )
    await writeFile(settingsFile(draft.folder), settings.join(''), { mode: 0o600 })
    await draft.handOver()
    const problem = await fill(draft, options)
    if (problem === undefined) await draft.moveTo(folder)
    return problem
  } finally {
    await rm(draft.folder, { recursive: true, force: true })
  }
}

/** Resolves what has to be fetched first, and fetches it only if all of it is allowed. */
async function fill(draft: Draft, { environment, npm, timeoutMs = timeoutDefaultMs }: InstallOptions) {
  const endsAt = performance.now() + timeoutMs
  const command = npm ?? (await ownNpm(draft.user))
  const run = (args: string[]) =>
    runNpm([...command, ...args, ...flagsOf(draft)], draft, environmentOfNpm(environment, draft), {
      ms: endsAt - performance.now(),
      message: `npm did not finish within ${timeoutMs} ms`,
    })
  const checkSources = async () =>
    whyNotFromRegistries(
      await readFile(join(draft.project, 'package-lock.json'), 'utf8'),
      registriesOf(environment),
    )
  return (
    (await run(['install', '--package-lock-only'])) ??
    (await checkSources()) ??
    (await run(['install'])) ??
    (await checkSources()) ??
    (await whyNotPlain(draft.project))
  )
}

// ------------------------------------------------------------------------------- the folder and the user

interface User {
  uid: number
  gid: number
}

interface Draft {
  folder: string
  /** The folder inside `folder` that becomes the set. */
  project: string
  /** Absent if npm runs as the server's user. */
  user?: User
  /** Gives ownership of the content to the user. */
  handOver(): Promise<void>
  moveTo(folder: string): Promise<void>
}

/** The user for npm when the server runs as root, with ids that systemd and Debian never assign. */
const ownUser: User = { uid: 65_530, gid: 65_530 }

/** Creates the draft beside the target; as root, first where the other user can reach it, to be copied from there. */
async function openDraft(target: string): Promise<Draft> {
  if (process.getuid?.() !== 0) {
    const folder = await mkdtemp(`${target}.`)
    const project = join(folder, 'project')
    await mkdir(project)
    return { folder, project, handOver: async () => {}, moveTo: (to) => replace(project, to) }
  }
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-npm-'))
  const project = join(folder, 'project')
  await mkdir(project)
  return {
    folder,
    project,
    user: ownUser,
    handOver: () => chownAll(folder, ownUser.uid, ownUser.gid),
    async moveTo(to) {
      const copy = await mkdtemp(`${to}.`)
      try {
        await cp(project, join(copy, 'project'), { recursive: true })
        await chownAll(join(copy, 'project'), 0, 0) // a copy keeps its owner
        await replace(join(copy, 'project'), to)
      } finally {
        await rm(copy, { recursive: true, force: true })
      }
    },
  }
}

async function chownAll(folder: string, uid: number, gid: number): Promise<void> {
  await lchown(folder, uid, gid)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    await (entry.isDirectory() ? chownAll(path, uid, gid) : lchown(path, uid, gid))
  }
}

async function replace(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await rename(from, to).catch((error) => {
    if (!existsSync(to)) throw error // another server process was first
  })
}

async function ownNpm(user: User | undefined): Promise<string[]> {
  const npm = dirname(createRequire(import.meta.url).resolve('npm/package.json'))
  const node = process.execPath
  const script = (folder: string) => join(folder, 'bin/npm-cli.js')
  if (!user || ((await isReachable(node, user, 0o5)) && (await isReachable(script(npm), user, 0o4)))) {
    return [node, script(npm)]
  }
  const { version } = JSON.parse(await readFile(join(npm, 'package.json'), 'utf8'))
  return [await copyOf(node, `node-${process.version}`), script(await copyOf(npm, `npm-${version}`))]
}

/** @param need permission bits: 4 to read, 1 to run */
async function isReachable(path: string, user: User, need: number): Promise<boolean> {
  const { mode, uid, gid } = await stat(path)
  const bits = mode >> (uid === user.uid ? 6 : gid === user.gid ? 3 : 0)
  if ((bits & need) !== need) return false
  return path === dirname(path) || isReachable(dirname(path), user, 0o1)
}

/** Copies to where every user can read it, as with the embedded Postgres. */
async function copyOf(path: string, name: string): Promise<string> {
  const copy = join('/var/cache/chatterie', name)
  if (await stat(copy).catch(() => undefined)) return copy
  await mkdir(dirname(copy), { recursive: true, mode: 0o755 })
  const partial = await mkdtemp(`${copy}-`)
  await cp(path, join(partial, basename(copy)), { recursive: true })
  await rename(join(partial, basename(copy)), copy).catch(() => undefined) // another start was quicker
  await rm(partial, { recursive: true, force: true })
  return copy
}

// ------------------------------------------------------------------------------------- settings of npm

/** Flags take precedence over all files and variables. */
function flagsOf({ folder, project }: Draft): string[] {
  const nothing = join(folder, 'nothing')
  return [
    ...['git', 'remote', 'file', 'directory'].map((kind) => `--allow-${kind}=none`),
    ...['--ignore-scripts', '--no-bin-links', '--omit=dev', '--install-strategy=hoisted', '--no-workspaces'],
    ...['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=silly', '--no-color', '--logs-max=0'],
    ...[`--git=${nothing}`, `--script-shell=${nothing}`, `--globalconfig=${nothing}`],
    ...[`--userconfig=${settingsFile(folder)}`, `--prefix=${project}`, `--cache=${join(folder, 'cache')}`],
  ]
}

const settingsFile = (folder: string) => join(folder, 'npmrc')

/** The settings that npm may get from variables: registries, how to reach them, and minimum ages of versions. */
const neededOfNpm =
  /^(registry|@.*:registry|\/\/.*|_.*|proxy|https-proxy|noproxy|ca|cafile|cert|key|strict-ssl|fetch-[\w-]+|before|min-release-age[\w-]*)$/i

/** Returns the settings in variables such as `npm_config_registry`, parsed as npm does. */
function settingsOf(environment: InstallOptions['environment']): [name: string, value: string][] {
  return Object.entries(environment).flatMap(([variable, value]) => {
    const [, given] = /^npm_config_(.*)$/i.exec(variable) ?? []
    const name = given?.startsWith('//') ? given : given?.replace(/(?!^)_/g, '-').toLowerCase()
    return name && value && neededOfNpm.test(name) ? [[name, value] as const] : []
  }) as [string, string][]
}

/** Returns the registry for all packages, followed by those for scopes. */
function registriesOf(environment: InstallOptions['environment']): string[] {
  const settings = settingsOf(environment)
  const common = settings.find(([name]) => name === 'registry')?.[1] ?? publicRegistry
  return [common, ...settings.filter(([name]) => name.endsWith(':registry')).map(([, value]) => value)]
}

const needed =
  /^(systemroot|comspec|lang|lc_all|(https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir))$/i
const homes = ['HOME', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'TMPDIR', 'TEMP', 'TMP']

function environmentOfNpm(
  environment: InstallOptions['environment'],
  { folder }: Draft,
): Record<string, string> {
  const entries = Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && needed.test(name) ? [[name, value] as const] : [],
  )
  return {
    ...Object.fromEntries(entries),
    ...Object.fromEntries(homes.map((name) => [name, folder])),
    PATH: join(folder, 'nothing'),
  }
}

// ------------------------------------------------------------------------------------------ running npm

/** @returns npm's error output if it failed */
function runNpm(
  [command = '', ...args]: string[],
  { folder, project, user }: Draft,
  env: Record<string, string>,
  timeout: { ms: number; message: string },
): Promise<string | undefined> {
  let problem: string | undefined
  const child = spawnSupervised([command, ...args], {
    cwd: project,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    limits: [],
    ...user,
  })
  const end = (reason: string) => {
    problem ??= reason
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => end(timeout.message), Math.max(0, timeout.ms))
  const watch = watchSize(folder, end)
  const output = readOutput(child.stderr as Readable)
  return new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`npm could not be run: ${error.message}`))
    child.once('close', (code) => {
      if (code === 0) resolve(problem)
      else resolve(problem ?? (output() || `npm ended with exit code ${code}`))
    })
  }).finally(() => {
    clearTimeout(timer)
    clearInterval(watch)
  })
}

/** Fetched data exists twice: packed and unpacked. */
function watchSize(folder: string, end: (reason: string) => void): NodeJS.Timeout {
  let isMeasuring = false
  return setInterval(async () => {
    if (isMeasuring) return
    isMeasuring = true
    const size = await measure(folder, 2).catch(() => undefined) // folders come and go
    const problem = size && exceededLimit(size, 2)
    if (problem) end(problem)
    isMeasuring = false
  }, measureMs)
}

const placement = /^npm silly placeDep \S+ (\S+?)@\S* .*for: (\S*) want: ([a-z+]+:\S*)/
const logFile = /complete log of this run|log files were not|debug-\d+\.log/i

/** @returns a function that returns npm's error, with the package that caused it if npm does not name it */
function readOutput(stderr: Readable): () => string {
  const lines: string[] = []
  let culprit: string | undefined
  createInterface({ input: stderr }).on('line', (line) => {
    const [, name, dependent, wanted] = placement.exec(line) ?? []
    if (name !== undefined) culprit ??= `${dependent || 'somebody'} wants ${name} from ${wanted}`
    const [, error] = /^npm error (.*)$/.exec(line) ?? []
    if (error?.trim() && !logFile.test(error) && lines.length < linesMax) lines.push(error)
  })
  return () => {
    const isAboutKinds = lines.some((line) => /^code EALLOW/.test(line))
    return [...lines, ...(isAboutKinds && culprit ? [culprit] : [])].join('\n').slice(0, charactersMax)
  }
}
