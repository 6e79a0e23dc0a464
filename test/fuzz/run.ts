// node test/fuzz/run.ts [--seed=<number>] [--seconds=<number>]: attacks its own server, for ten minutes by default.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Stage } from '../../bench/support/stage.ts'
import { attack, summary } from './fuzz.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, seconds: { type: 'string', default: '600' } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const seconds = Number(values.seconds)
if (!Number.isSafeInteger(seed) || !(seconds > 0)) {
  process.stderr.write('Give --seed and --seconds as numbers\n')
  process.exit(2)
}

const say = (line: string) => process.stdout.write(`${line}\n`)
say(`seed ${seed}, ${seconds} s`)
const stage = await Stage.open({})
try {
  const databaseUrl = await stage.createDatabase('fuzz')
  const startedAt = Date.now()
  const outcome = await attack({
    seed,
    databaseUrl,
    home: join(stage.folder, 'home'),
    progress: () => (Date.now() - startedAt) / 1_000 / seconds,
    tell: say,
  })
  say(`${outcome.rounds} rounds: ${summary(outcome)}`)
  for (const problem of outcome.problems) say(`\n${problem}`)
  if (outcome.problems.length > 0) {
    // Each round has the seed of the previous one plus 1.
    say(`\nAgain, in its first round: npm run fuzz -- --seed=${seed + outcome.rounds - 1}`)
    process.exitCode = 1
  }
} finally {
  await stage.close()
}
