// Runs in a process of its own, because V8's flags are those of the process.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** Allocates objects of which many survive two collections, and prints the largest size of a half of the young generation in MB. */
const program = (before: string) => `
  import { getHeapSpaceStatistics } from 'node:v8'
  import { setImmediate as nextTurn } from 'node:timers/promises'
  ${before}
  let alive = []
  let largest = 0
  for (let turn = 0; turn < 1500; turn++) {
    for (let at = 0; at < 2000; at++) alive.push({ at, turn, pair: [at, turn] })
    if (alive.length > 200000) alive = alive.slice(100000)
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    largest = Math.max(largest, young.space_used_size + young.space_available_size)
    await nextTurn()
  }
  console.log(largest / 1024 ** 2)`

async function largestOf(before: string): Promise<number> {
  const args = ['--input-type=module', '--eval', program(before)]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: join(import.meta.dirname, '..'),
  })
  return Number(stdout)
}

it('both halves of the young generation of a server stop growing at 16 MB, where Node doubles them again', async () => {
  const [bare, server] = await Promise.all([
    largestOf(''),
    largestOf("import { keepHeapSmall } from '#heap.ts'; keepHeapSmall()"),
  ])
  const between = 24 // a half holds a few pages more while it is collected on a busy machine
  expect(server).toBeLessThan(between)
  expect(bare).toBeGreaterThan(between)
})
