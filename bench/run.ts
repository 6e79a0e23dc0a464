// Runs the named benchmarks or all of them, and prints tables. Exits with 1 if a figure is worse than in a given file.
import { parseArgs } from 'node:util'
import { deletion } from './background/deletion.ts'
import { dump } from './background/dump.ts'
import { functions } from './background/functions.ts'
import { imports } from './background/import.ts'
import { webhooks } from './background/webhooks.ts'
import { consoleScreens } from './requests/console.ts'
import { flatness, largeness } from './requests/flatness.ts'
import { ratios } from './requests/ratios.ts'
import { connects } from './sockets/connects.ts'
import { fanout } from './sockets/fanout.ts'
import { members } from './sockets/members.ts'
import { socketSend } from './sockets/socket-send.ts'
import { sockets } from './sockets/sockets.ts'
import { storm } from './sockets/storm.ts'
import { install } from './start/install.ts'
import { startup } from './start/startup.ts'
import { testkit } from './start/testkit.ts'
import { compareFigures, type Figure, keepFigures, type Report, readFigures } from './support/figures.ts'
import { Stage } from './support/stage.ts'
import { yardstick } from './yardstick/yardstick.ts'

const benches: Record<string, (stage: Stage) => Promise<string | Report>> = {
  startup: (stage) => startup(stage, values.quick ? 2 : 5),
  install: (stage) => install(stage, values.quick ? 1 : 5),
  testkit: (stage) => testkit(stage, values.quick ? 1 : 5),
  yardstick: (stage) => yardstick(stage, pace),
  ratios: (stage) => ratios(stage, pace),
  flatness: (stage) => flatness(stage, pace, values.quick ? 100_000 : 1_000_000),
  largeness: (stage) => largeness(stage, pace, values.quick ? 200_000 : 10_000_000),
  'socket-send': (stage) => socketSend(stage, pace),
  fanout: (stage) =>
    fanout(stage, pace, values.quick ? [200, 1_000] : [1_000, 5_000], values.quick ? 10 : 30),
  connects: (stage) => connects(stage, values.quick ? 1 : 5, values.quick ? [100, 400] : [250, 1_000]),
  sockets: (stage) => sockets(stage, values.quick ? 1_000 : 5_000),
  storm: (stage) => storm(stage, values.quick ? 500 : 5_000),
  members: (stage) => members(stage, pace, values.quick ? 10_000 : 100_000),
  functions: (stage) =>
    functions(
      stage,
      values.quick
        ? { connects: 50, deploys: 3, rounds: 1, roundMs: 2_000 }
        : { connects: 300, deploys: 10, rounds: 3, roundMs: 5_000 },
    ),
  webhooks: (stage) =>
    webhooks(stage, values.quick ? { rounds: 2, roundMs: 1_500 } : { rounds: 24, roundMs: 5_000 }),
  console: (stage) => consoleScreens(stage, values.quick ? 200_000 : 5_000_000),
  import: (stage) => imports(stage, values.quick ? 100_000 : 1_000_000),
  deletion: (stage) => deletion(stage, values.quick ? 100_000 : 1_000_000),
  dump: (stage) => (values.quick ? dump(stage, 50_000, 500) : dump(stage, 1_000_000, 10_000)),
}

/** Filling their databases takes up to half an hour and 10 GB, so they run only if named. */
const long = new Set(['largeness', 'console'])

const { values, positionals } = readArguments()
const pace = values.quick ? { rounds: 3, roundMs: 300 } : { rounds: 7, roundMs: 800 }
if (values.help) {
  process.stdout.write(usage())
  process.exit()
}
const names = positionals.length > 0 ? positionals : Object.keys(benches).filter((name) => !long.has(name))
const unknown = names.find((name) => !Object.hasOwn(benches, name))
if (unknown !== undefined) refuse(`There is no benchmark ${unknown}`)

const before = values.compare === undefined ? undefined : readFigures(values.compare)
const figures: Figure[] = []
let stage: Stage | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await stage?.close()
    process.exit(130)
  })
}
for (const name of names) {
  stage = await Stage.open({ profiles: values.profile })
  try {
    const found = (await benches[name]?.(stage)) ?? ''
    const report = typeof found === 'string' ? { text: found, figures: [] } : found
    process.stdout.write(`${report.text}\n`)
    figures.push(...report.figures)
  } finally {
    await stage.close()
  }
}
if (values.keep !== undefined) keepFigures(values.keep, figures)
if (before) {
  const { text, worse } = compareFigures(before, figures)
  process.stdout.write(`${text}\n`)
  if (worse.length > 0) process.exitCode = 1
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        profile: { type: 'string' },
        keep: { type: 'string' },
        compare: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n\n${usage()}`)
  process.exit(2)
}

function usage(): string {
  return `npm run bench -- [--quick] [--profile=<folder>] [--keep=<file>] [--compare=<file>] [name ...]
Names: ${Object.keys(benches).join(', ')}; without any, all but ${[...long].join(' and ')}
`
}
