// The cost of the test kit to its users: of the package as it is published, from a separate process.
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Chatterie, Seed, World } from '#testing/index.ts'
import { median } from '../support/rounds.ts'
import type { Stage } from '../support/stage.ts'
import { count, seconds, table, verdict } from '../support/table.ts'
import { installPackage } from './install.ts'

const messages = 1_000
const messagesPerTest = 10
const workers = 8
const worldsPerWorker = 25
const aimsMs = { cold: 900, warm: 450, create: 5, remove: 5, reset: 10, snapshot: 50, restore: 50 }

const seed: Seed = {
  users: [{ name: 'jane', displayName: 'Jane' }],
  channels: [{ type: 'PUBLIC', name: 'lobby', members: ['jane'] }],
  messages: Array.from({ length: messages }, (_, at) => ({
    type: 'TEXT',
    channel: 'lobby',
    user: 'jane',
    body: `Message ${at}`,
  })),
}

export async function testkit(stage: Stage, runs: number): Promise<string> {
  const { folder } = await installPackage(stage) // in the repository, its command runs the sources
  const kit: typeof import('#testing/index.ts') = await import(
    join(folder, 'node_modules/chatterie/dist/testing/index.js')
  )
  const times: Record<keyof typeof aimsMs, number[]> = {
    ...(await timeStarts(stage, kit.startChatterie, runs)),
    ...{ create: [], remove: [], reset: [], snapshot: [], restore: [] },
  }
  const chatterie = await kit.startChatterie()
  try {
    await timeWorlds(chatterie, times, 20 * runs)
    await timeContents(chatterie, times, 4 * runs)
    const side = await useSideBySide(chatterie)
    return `${tableOf(times)}\n\n${side}`
  } finally {
    await chatterie.close()
  }
}

/** For a cold start, the user's cache contains nothing of Chatterie. */
async function timeStarts(
  stage: Stage,
  start: () => Promise<Chatterie>,
  runs: number,
): Promise<{ cold: number[]; warm: number[] }> {
  const cold: number[] = []
  const warm: number[] = []
  for (let run = 0; run < runs; run++) {
    process.env.XDG_CACHE_HOME = join(stage.folder, `cache-${run}`)
    for (const times of [cold, warm, warm]) {
      const begin = performance.now()
      const chatterie = await start()
      times.push(performance.now() - begin)
      await chatterie.close()
    }
  }
  return { cold, warm }
}

type Times = Record<'create' | 'remove' | 'reset' | 'snapshot' | 'restore', number[]>

async function timed<T>(times: number[], act: () => Promise<T>): Promise<T> {
  const begin = performance.now()
  const result = await act()
  times.push(performance.now() - begin)
  return result
}

/** Times empty worlds. The very first one also compiles code that later ones use. */
async function timeWorlds(chatterie: Chatterie, { create, remove }: Times, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const world = await timed(create, () => chatterie.createWorld())
    await timed(remove, () => world.remove())
  }
}

async function timeContents(chatterie: Chatterie, times: Times, rounds: number): Promise<void> {
  const world = await chatterie.createWorld({ seed })
  for (let round = 0; round < rounds; round++) {
    await useAsTestsDo(world)
    await timed(times.reset, () => world.reset())
    const snapshot = await timed(times.snapshot, () => world.snapshot())
    await useAsTestsDo(world)
    await timed(times.restore, () => world.restore(snapshot))
    await snapshot.remove()
    await world.reset() // the restored messages are written anew
  }
  await world.remove()
}

/** Sends some messages, as a test does. */
async function useAsTestsDo({ url, accessToken }: World): Promise<void> {
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
  const channels = await fetch(`${url}/v1/channels`, { headers })
  const { _embedded: found } = (await channels.json()) as { _embedded: { channels: { id: number }[] } }
  for (let at = 0; at < messagesPerTest; at++) {
    const answer = await fetch(`${url}/v1/channels/${found.channels[0]?.id}/messages`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ type: 'TEXT', body: `New ${at}`, user: { username: 'jane' } }),
    })
    if (!answer.ok) throw new Error(`A message was answered ${answer.status}`)
  }
}

function tableOf(times: Record<keyof typeof aimsMs, number[]>): string {
  const ms = (time: number) => (time < 100 ? time.toFixed(1) : count(time))
  const row = (what: string, name: keyof typeof aimsMs) => {
    const sorted = times[name].toSorted((a, b) => a - b)
    const [least = 0, most = 0] = [sorted[0], sorted.at(-1)]
    const middle = median(sorted)
    const range = `${ms(least)} to ${ms(most)}`
    return [what, ms(middle), range, `<= ${aimsMs[name]}`, verdict(middle <= aimsMs[name])]
  }
  return table(
    'The test kit of the package, ms',
    ['', 'median', 'of all', 'aim', 'reached'],
    [
      row('startChatterie(), with an empty cache', 'cold'),
      row('startChatterie(), afterwards', 'warm'),
      row('create a world', 'create'),
      row('remove a world', 'remove'),
      row(`reset to ${count(messages)} messages`, 'reset'),
      row(`snapshot of ${count(messages)} messages`, 'snapshot'),
      row(`restore of ${count(messages)} messages`, 'restore'),
    ],
  )
}

/** @throws if a world saw anything of another */
async function useSideBySide({ url }: Chatterie): Promise<string> {
  const begin = performance.now()
  const workerData = { url, worlds: worldsPerWorker }
  const ended = Array.from({ length: workers }, async () => {
    const worker = new Worker(new URL('testkit-worker.ts', import.meta.url), { workerData })
    const [code] = await once(worker, 'exit')
    if (code !== 0) throw new Error('A world saw something of another')
  })
  await Promise.all(ended)
  const ms = performance.now() - begin
  return (
    `${workers * worldsPerWorker} worlds, used by ${workers} workers side by side: ${seconds(ms)}, ` +
    'none saw anything of another.'
  )
}
