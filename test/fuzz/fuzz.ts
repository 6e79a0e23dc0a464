// A limited attack: rounds of requests and clients, each generated from the seed and its number, with checks during and
// after them.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { patienceMs } from '../support/patience.ts'
import { Backend, Canary, createWorld, replenish } from './backend.ts'
import { play } from './clients.ts'
import { Owner } from './owner.ts'
import { type Request, requests } from './rest.ts'
import { type Script, scripts } from './stomp.ts'
import { type Held, Target } from './target.ts'
import { type Answer, asShell, exchange, parsed } from './wire.ts'
import type { World } from './world.ts'

const perRound = { requests: 60, scripts: 16 }
/** The timeout for answers that may be missing: to invalid requests, and of endless streams. */
const brieflyMs = 300
const concurrency = { requests: 6, scripts: 4 }

/** Caches fill during the first rounds. */
const warm = 0.2
/** The allowed growth after the caches have filled. */
const growth = { heldMb: 96, rssMb: 300, handles: 20 }
/** The pools of the server, of its background work and of this process. */
const connectionsMax = 40
/** Sessions without a connection end after 8 s, after which nothing may remain of an attack. */
const settleMs = 90_000

export interface Attack {
  seed: number
  databaseUrl: string
  /** A folder for the server. */
  home: string
  /** Returns the progress after a number of rounds; at 1 the attack ends. */
  progress: (rounds: number) => number
  tell: (line: string) => void
}

export interface Outcome {
  rounds: number
  requests: number
  scripts: number
  /** Counts of answers by the first digit of their status. */
  answers: Record<string, number>
  /** The failed checks, each with how to reproduce it. */
  problems: string[]
}

/** Attacks its own server. Stops after the first round with a failed check. */
export async function attack({ seed, databaseUrl, home, progress, tell }: Attack): Promise<Outcome> {
  const outcome: Outcome = { rounds: 0, requests: 0, scripts: 0, answers: {}, problems: [] }
  const target = await Target.start(databaseUrl, home)
  try {
    const [fuzzed, bird] = target.applications
    if (!fuzzed || !bird) throw new Error('There are no applications')
    const backend = await Backend.open(target.port, fuzzed)
    const world = await createWorld(target.port, fuzzed, backend)
    const owner = await Owner.open(target.port)
    const canary = await Canary.start(target.port, bird, await Backend.open(target.port, bird))
    const round = async () => {
      outcome.rounds += 1
      await replenish(backend, world)
      await attackOnce(seed + outcome.rounds, { world, administered: await owner.found() }, outcome)
      // Functions run for each event, so those of earlier rounds would take more and more time.
      await target.run('delete from function')
      outcome.problems.push(...(await problemsOf(target, canary)))
    }
    await round() // whatever is loaded late is loaded now
    let early: Held | undefined
    for (let isOver = false; !isOver && outcome.problems.length === 0; ) {
      await round()
      isOver = progress(outcome.rounds) >= 1
      if (progress(outcome.rounds) >= warm) early ??= await settled(target)
      if (outcome.rounds % 10 === 0) tell(`round ${outcome.rounds}: ${summary(outcome)}`)
    }
    if (outcome.problems.length === 0 && early) {
      outcome.problems.push(...grown(early, await settled(target)), ...(await left(target)))
      outcome.problems.push(...(await problemsOf(target, canary)))
    }
    canary.end()
  } finally {
    await target.stop()
  }
  return outcome
}

export function summary({ requests, scripts, answers }: Outcome): string {
  const shown = Object.entries(answers)
    .toSorted()
    .map(([kind, count]) => `${kind} ${count}`)
  return `${requests} requests (${shown.join(', ')}), ${scripts} clients`
}

async function attackOnce(
  seed: number,
  { world, administered }: { world: World; administered: World },
  outcome: Outcome,
): Promise<void> {
  const asked = fc.sample(requests(world, administered), { seed, numRuns: perRound.requests })
  const played = fc.sample(scripts(world), { seed, numRuns: perRound.scripts })
  const note = (what: string, how: string) => outcome.problems.push(`${what}\n  ${how}`)
  await Promise.all([
    inParallel(asked, concurrency.requests, async (request) => {
      const answer = await exchange(world.port, request.bytes, request.isHttp ? patienceMs : brieflyMs)
      outcome.requests += 1
      const kind = typeof answer === 'string' ? answer : `${Math.floor(answer.status / 100)}xx`
      outcome.answers[kind] = (outcome.answers[kind] ?? 0) + 1
      const problem = wrongWith(request, answer)
      if (problem) note(`${request.title}: ${problem}`, asShell(request.bytes))
    }),
    inParallel(played, concurrency.scripts, async (script) => {
      const problem = await play(script, world).catch((error) => `the client failed: ${error}`)
      outcome.scripts += 1
      if (problem) note(`${script.carrier}: ${problem}`, shown(script))
    }),
  ])
}

function shown({ apiKey, connect, steps, ending }: Script): string {
  return [apiKey, ...[connect, ...steps].map(String), ending]
    .map((each) => JSON.stringify(each).slice(0, 1_500))
    .join('\n  ')
}

function wrongWith(request: Request, answer: Answer | 'closed' | 'silent'): string | undefined {
  if (answer === 'silent') return request.isHttp ? 'no answer came' : undefined
  if (answer === 'closed') return request.isHttp ? 'the server hung up without an answer' : undefined
  const { status, headers, body } = answer
  if (status >= 500) return `${status} ${body.slice(0, 500)}`
  if (status < 200) return `${status} is no answer`
  if (status < 400) {
    const isDescribed = request.statuses === undefined || request.statuses.includes(status)
    return isDescribed ? undefined : `the status ${status} is not described`
  }
  return isError(headers, body) || isSockJs(request)
    ? undefined
    : `no error that is documented: ${status} ${body.slice(0, 500)}`
}

/** The reference server answers requests outside its protocol with its own texts. */
const isSockJs = ({ title }: Request) => /^\w+ \/(rtm|stompx)\//.test(title)

/** Whether an answer has one of the two shapes of errors; answers to HEAD have no body. */
function isError(headers: Record<string, string>, body: string): boolean {
  if (body === '') return true
  if (!headers['content-type']?.startsWith('application/json')) return false
  const { error, message, timestamp, error_description: description } = parsed(body) ?? {}
  if (typeof error !== 'string') return false
  return (
    typeof description === 'string' ||
    (typeof message === 'string' && /^\d{4}-\d\d-\d\dT/.test(String(timestamp)))
  )
}

/** Checks that others are served, and that no error was logged. */
async function problemsOf(target: Target, canary: Canary): Promise<string[]> {
  const problems = target.complaints.splice(0).map((line) => `the server complained\n  ${line}`)
  if (!target.isAlive) return [...problems, 'the server is dead']
  const problem = await canary.sing().catch((error) => `others are not served: ${error}`)
  return problem === undefined ? problems : [...problems, problem]
}

// -------------------------------------------------------------------------------------------- what is left

/** Returns what the server holds after the sessions of an attack have ended. */
async function settled(target: Target): Promise<Held> {
  const giveUp = Date.now() + settleMs
  let held = await target.held()
  for (let isStill = false; !isStill && Date.now() < giveUp; ) {
    await sleep(3_000)
    const now = await target.held()
    isStill = now.handles >= held.handles && (await connected(target)) <= 1 // that of the canary
    held = now
  }
  return held
}

const connected = (target: Target) => target.count('select count(*) from user_session where end_time is null')

function grown(early: Held, late: Held): string[] {
  return (['heldMb', 'rssMb', 'handles'] as const)
    .filter((what) => late[what] > early[what] + growth[what])
    .map((what) => `${what} grew from ${early[what].toFixed(0)} to ${late[what].toFixed(0)}`)
}

async function left(target: Target): Promise<string[]> {
  const events = await target.count('select count(*) from outbox_event')
  const sessions = await connected(target)
  const connections = await target.count(
    'select count(*) from pg_stat_activity where datname = current_database()',
  )
  return [
    ...(events > 0 ? [`${events} events were not delivered`] : []),
    ...(sessions > 1 ? [`${sessions} sessions did not end`] : []),
    ...(connections > connectionsMax ? [`${connections} connections to Postgres are open`] : []),
  ]
}

async function inParallel<T>(all: T[], width: number, work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const one of rest) await work(one)
    }),
  )
}
