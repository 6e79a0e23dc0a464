// Who may import whom: imports only point down.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { events } from '#resources/events.ts'

const src = new URL('../src/', import.meta.url)
const test = new URL('.', import.meta.url)

/** What a room may import besides itself; `type …` for types alone. */
const mayImport: Record<string, string[]> = {
  // At the edge, where everything is put together.
  main: ['process'],
  process: ['*'],
  template: ['data', 'postgres', 'place'],
  ephemeral: [],
  cli: ['*'],
  background: ['*'],
  app: ['*'],
  context: ['*'],
  server: ['*'],
  serve: ['*'],
  // What serves the APIs.
  routes: ['domain', 'wire', 'resources', 'errors', 'metrics', 'place', 'type config', 'type context'],
  // It wraps the real-time API, and runs before the others.
  'test-api': [
    'domain',
    'wire',
    'resources',
    'errors',
    'plugins',
    'type clock',
    'type routes',
    'type realtime',
    'type stomp',
    'type config',
    'type context',
  ],
  realtime: ['domain', 'wire', 'resources', 'errors', 'stomp', 'type clock', 'type context', 'type tracing'],
  plugins: [
    'wire',
    'type resources',
    'errors',
    'domain/applications',
    'domain/operators',
    'type domain',
    'type clock',
    'type context',
    'type tracing',
  ],
  // What runs in browsers, and knows nothing of the server's code.
  pages: [],
  // Work in the background; imports are read as requests are, and functions are given what answers would show.
  jobs: [
    'domain',
    'wire/reading.ts',
    'wire/hal.ts',
    'wire/csv.ts',
    'resources',
    'errors',
    'place',
    'type context',
    'type metrics',
  ],
  // Readers of other services, and the order in which what they read is written.
  migrate: [
    'domain',
    'resources',
    'previews/guard.ts',
    'previews/connector.ts',
    'type clock',
    'type context',
  ],
  functions: ['clock', 'resources', 'place'],
  domain: ['data', 'secrets', 'clock', 'resources', 'errors', 'type context'],
  data: ['resources', 'errors', 'place', 'postgres/database-client.ts', 'type clock'],
  wire: ['resources', 'errors'],
  stomp: ['wire/problem.ts', 'errors', 'type clock'],
  bus: ['resources'],
  files: ['errors', 'type clock'],
  previews: [],
  webhooks: ['previews/guard.ts', 'previews/connector.ts'],
  config: ['cache', 'wire/loopback.ts', 'type files'],
  port: ['type config'],
  log: ['errors', 'type config'],
  introduce: ['secrets', 'domain', 'type context'],
  'home-folder': [],
  heap: [],
  clock: [],
  postgres: ['place'],
  intercept: ['place'],
  secrets: [],
  resources: [],
  errors: [],
  metrics: ['resources'],
  tracing: ['place', 'type config'],
  place: [],
  cache: [],
  // What tests import, who have the server in a process of its own.
  testing: [],
  index: [],
}

/** The rooms that know of the web server. */
const web = [
  'process',
  'introduce',
  'cli',
  'background',
  'app',
  'server',
  'serve',
  'context',
  'routes',
  'realtime',
  'plugins',
  'test-api',
]

/** Where strings may hold `/v1`, besides the app's prefix, the vocabulary and the wire; a move would shorten this. */
const versioned = [
  'cli/api.ts',
  'migrate/chatkitty/api.ts',
  'routes/openapi/platform.ts',
  'routes/operation.ts',
]

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.startsWith('data/generated/'))
  .map((path) => ({ path, room: path.split(/[/.]/)[0] ?? '', code: withoutComments(path) }))

function withoutComments(path: string): string {
  return readFileSync(new URL(path, src), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

const imports = files.flatMap(({ path, room, code }) =>
  [
    ...code.matchAll(
      /\b(?:import|export)(\s+type)?\s+(?:[\w\s{},*$]+?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/g,
    ),
  ].map(([, type, specifier = '', dynamic = '']) => ({
    path,
    room,
    isType: Boolean(type),
    specifier: specifier || dynamic,
  })),
)

/** @param place where an import may come from, as `mayImport` has it */
function isFrom(
  place: string,
  { isType, specifier }: Pick<(typeof imports)[number], 'isType' | 'specifier'>,
) {
  const target = specifier.slice(1)
  const name = place.replace(/^type /, '')
  const isThere = name === '*' || target === `${name}.ts` || `${target}/`.startsWith(`${name}/`)
  return isThere && (isType || name === place)
}

function isAllowed({ room, isType, specifier }: (typeof imports)[number]): boolean {
  if (specifier.startsWith('./')) return true
  if (specifier.startsWith('.')) return false
  if (!specifier.startsWith('#')) {
    return room === 'resources' ? specifier === 'zod' : web.includes(room) || !/^@?fastify/.test(specifier)
  }
  return [room, ...(mayImport[room] ?? [])].some((place) => isFrom(place, { isType, specifier }))
}

it('modules import only from the layers below them', () => {
  expect(imports.length).toBeGreaterThan(400)
  const astray = imports.filter((each) => !isAllowed(each))
  expect(astray.map(({ path, specifier }) => `${path} imports ${specifier}`)).toEqual([])
})

it('the table of imports allows none that no file makes', () => {
  const idle = Object.entries(mayImport).flatMap(([room, places]) => {
    const own = imports.filter((each) => each.room === room)
    return places.filter((place) => !own.some((each) => isFrom(place, each))).map((place) => [room, place])
  })
  expect(idle).toEqual([])
})

it.each([
  ['wire', '#domain/access/caller.ts', true],
  ['routes', '#data/users/users.ts', true],
  ['routes', '#plugins/auth.ts', true],
  ['domain', '#context.ts', false],
  ['data', '#domain/access/caller.ts', true],
  ['resources', 'uuid', false],
  ['domain', 'fastify', true],
  ['files', '../data/users/users.ts', true],
])('%s must not import %s', (room, specifier, isType) => {
  expect(isAllowed({ path: '', room, specifier, isType })).toBe(false)
})

it('no name is exported by both the domain and the data layer', () => {
  const exportedBy = (of: string) =>
    files
      .filter(({ room }) => room === of)
      .flatMap(({ code }) => [
        ...code.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm),
      ])
      .map(([, name = '']) => name)
  const ofData = new Set(exportedBy('data'))
  expect(ofData.size).toBeGreaterThan(200)
  expect(exportedBy('domain').filter((name) => ofData.has(name))).toEqual([])
})

it.each(['src', 'test', 'bench', 'scripts', 'console'])('no folder of %s has more than 30 files', (top) => {
  const root = fileURLToPath(new URL(`../${top}/`, import.meta.url))
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.startsWith('data/generated/'),
  )
  expect(paths).not.toEqual([])
  const folders = Object.groupBy(paths, (path) => dirname(path))
  expect(Object.keys(folders).filter((folder) => (folders[folder]?.length ?? 0) > 30)).toEqual([])
})

/** What a function of the domain acts on, if it is a verb; the others only reckon. */
const actsOn =
  /^export (?:async )?function (\w+)(?:<[^(]*>)?\(\s*(?:\w+|\{[^}]*\}): (?:Context|Tx|Db|Querier)\b/gm
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

it('each operation of the domain has a file of its own, named after it', () => {
  const verbs = files
    .filter(({ room, path }) => room === 'domain' && !path.startsWith('domain/access/'))
    .flatMap(({ path, code }) =>
      [...new Set([...code.matchAll(actsOn)].map(([, name = '']) => name))].map((name) => ({ path, name })),
    )
  expect(verbs.length).toBeGreaterThan(150)
  const astray = verbs.filter(({ path, name }) => basename(path) !== `${kebab(name)}.ts`)
  expect(astray.map(({ path, name }) => `${name} in ${path}`)).toEqual([])
})

it('every folder of src is in the table of imports', () => {
  expect([...new Set(files.map(({ room }) => room))].filter((room) => !(room in mayImport))).toEqual([])
})

it('only the settings read the environment; the entry points pass it to them', () => {
  const readers = files.filter(
    ({ room, code }) =>
      !['config', 'process', 'cli', 'background', 'testing'].includes(room) && /process\.env\b/.test(code),
  )
  expect(readers.map(({ path }) => path)).toEqual([])
})

it('the version of the API is named by the app, the vocabulary and the wire', () => {
  const naming = files.filter(
    ({ path, room, code }) =>
      path !== 'app.ts' && room !== 'resources' && room !== 'wire' && /['"`}][^'"`\n]*\/v1\b/.test(code),
  )
  expect(naming.map(({ path }) => path).toSorted()).toEqual(versioned)
})

/** The clock itself, and what runs in browsers and in other people's tests. */
const elsewhere = ['clock', 'pages', 'testing']

/** Who reads the time besides the clock, and why. */
const readTheTime: Record<string, string> = {
  'data/clock.ts': 'moves the clock of the database, beside real time',
  'data/events/node.ts': 'a lease between processes ends by real time',
  'data/messages/message-blocks.ts': 'transactions are dated by the database',
  'files/disk.ts': 'files on the disk are dated by the system',
  'postgres/template.ts': 'so are folders of templates',
  'functions/install.ts': 'so are folders of packages',
  'functions/bootstrap/clock.ts': 'is the clock of the processes of functions',
  'intercept/authority.ts': 'certificates are valid by the clocks of their readers',
}

it('the time is read from the clock alone', () => {
  const reads = /\bDate\.now\b|\bnew Date\(\)|(?<!new )\bDate\(\)/
  const readsInSql =
    /(?<![.\w])now\(\)|\bcurrent_(timestamp|time|date)\b|\b(clock|statement|transaction)_timestamp\b|\blocaltime(stamp)?\b/i
  const readers = files.filter(
    ({ room, code }) => !elsewhere.includes(room) && (reads.test(code) || readsInSql.test(code)),
  )
  expect(readers.map(({ path }) => path).toSorted()).toEqual(Object.keys(readTheTime).toSorted())
  const schema = readFileSync(new URL('../prisma/schema.prisma', src), 'utf8')
  expect(schema).not.toContain('now()')
})

it('no file is longer than the limit', () => {
  const long = files.filter(({ path }) => readFileSync(new URL(path, src), 'utf8').split('\n').length > 351)
  expect(long.map(({ path }) => path)).toEqual([])
})

it('every event is written by an operation of the domain, or by the statement that makes the change', () => {
  const writers = files.filter(({ room }) => room === 'domain' || room === 'data')
  const isWritten = (type: string) => writers.some(({ code }) => code.includes(`'${type}'`))
  expect(Object.keys(events).filter((type) => !isWritten(type))).toEqual([])
})

it('no test turns off its types', () => {
  const tests = readdirSync(test, { recursive: true, encoding: 'utf8' }).filter((path) => /\.ts$/.test(path))
  const untyped = /biome-ignore[ ]lint.*noExplicitAny/
  expect(tests.filter((path) => untyped.test(readFileSync(new URL(path, test), 'utf8')))).toEqual([])
})

it('no source contains TODO, FIXME or XXX', () => {
  const unfinished = files.filter(({ path }) =>
    /\b(TODO|FIXME|XXX)\b/.test(readFileSync(new URL(path, src), 'utf8')),
  )
  expect(unfinished.map(({ path }) => path)).toEqual([])
})

it('the linter accepts only functions and constant strings as replacements', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chatterie-lint-'))
  const file = join(folder, 'code.ts')
  const lines = [
    'a.replaceAll(b, c)',
    "a?.b().replace(/c/, 'd' + e)",
    'a.replace(b, () => c)',
    "a.replace('b', 'c')",
  ]
  writeFileSync(file, lines.join('\n'))
  const root = fileURLToPath(new URL('..', import.meta.url))
  const biome = join(root, 'node_modules/.bin/biome')
  const { stdout } = spawnSync(biome, ['lint', '--reporter=github', `--config-path=${root}`, file], {
    encoding: 'utf8',
  })
  rmSync(folder, { recursive: true })
  const refused = [...stdout.matchAll(/title=plugin,.*?,line=(\d+),.*::Give the replacement as a function/g)]
  expect(refused.map(([, line]) => Number(line))).toEqual([1, 2])
})
