// npm run faults -- [--seed 1] [--rounds 2] [--only kill-server,disk-full]: causes faults around real servers under
// load, and checks what their clients received. The seed determines the faults and their times, but not their effects.
import { parseArgs } from 'node:util'
import { table } from '../../bench/support/table.ts'
import { seededRandom } from '../support/random.ts'
import { type Fault, faults } from './faults.ts'
import { type Round, runRound } from './round.ts'
import type { Stage } from './stage.ts'

const load = { devices: 6, backends: 2 }
/** The maximum number of violations shown for one round. */
const shownMax = 10

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rounds: { type: 'string', default: '2' },
    only: { type: 'string', default: Object.keys(faults).join(',') },
  },
})
const [seed, rounds, names] = [Number(values.seed), Number(values.rounds), values.only.split(',')]
const unknown = names.find((name) => !Object.hasOwn(faults, name))
if (unknown !== undefined) usage(`There is no fault ${unknown}, but ${Object.keys(faults).join(', ')}`)
if (!Number.isSafeInteger(seed)) usage('--seed must be a whole number')
if (!Number.isSafeInteger(rounds) || rounds < 1 || rounds > 100) usage('--rounds must be from 1 to 100')

function usage(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

let stage: Stage | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await stage?.close()
    process.exit(130)
  })
}

const rows: string[][] = []
const broken: string[] = []
for (const name of names) await play(name, faults[name] as Fault)

const head = ['round', 'strikes', 'writes', 'acknowledged', 'stored, unanswered', 'delivered', 'again']
process.stdout.write(
  `${table(`Faults, seed ${seed}`, [...head, 'resumed', 'reloaded', 'slowest', 'kept'], rows)}\n`,
)
if (broken.length > 0) {
  process.stdout.write(
    `\n${broken.join('\n')}\n\nBroken: npm run faults -- --seed ${seed} --rounds ${rounds}\n`,
  )
}
process.stdout.write(
  broken.length > 0 ? '' : '\nNothing was lost, nothing was delivered twice, and all was in order.\n',
)
process.exit(broken.length > 0 ? 1 : 0)

async function play(name: string, fault: Fault): Promise<void> {
  const why = await fault.cannot?.()
  if (why !== undefined) {
    process.stdout.write(`${name}: left out, ${why}\n`)
    return
  }
  process.stdout.write(`${name}: ${fault.says}\n`)
  const random = seededRandom(seed)
  try {
    stage = await fault.open()
    for (let nth = 1; nth <= rounds; nth++) {
      note(`${name} ${nth}`, fault.strikes, await runRound(stage, load, fault.strikes, random, fault.strike))
    }
  } catch (error) {
    broken.push(`${name}: the round could not be played to its end: ${(error as Error).stack}`)
  } finally {
    await stage?.close()
    stage = undefined
  }
}

function note(name: string, strikes: number, round: Round): void {
  const { writes, acknowledged, storedUnanswered, delivered, deliveredAgain, resumed, reloaded, slowestMs } =
    round
  const counts = [
    strikes,
    writes,
    acknowledged,
    storedUnanswered,
    delivered,
    deliveredAgain,
    resumed,
    reloaded,
  ]
  for (const error of new Set(round.errors)) {
    const times = round.errors.filter((each) => each === error).length
    process.stdout.write(`${name}: ${times} x ${error}\n`)
  }
  const isKept = round.broken.length === 0
  rows.push([name, ...counts.map(String), `${(slowestMs / 1000).toFixed(1)} s`, isKept ? 'yes' : 'NO'])
  broken.push(...round.broken.slice(0, shownMax).map((line) => `${name}: ${line}`))
  const more = round.broken.length - shownMax
  if (more > 0) broken.push(`${name}: and ${more} more`)
}
