// `chatterie/testing/vitest`: fixtures that give each test a server and a world (docs/testing.md).
import { test as base } from 'vitest'
import type { Chatterie } from './chatterie.ts'
import { nameOf, shareChatterie } from './shared.ts'
import type { StartOptions } from './start.ts'
import type { World, WorldOptions } from './world.ts'

interface Fixtures {
  $worker: {
    /** Options of a server that is started for the worker; ignored if all workers share one. */
    chatterieOptions: StartOptions
    /** The server: that of the run, of `chatterie exec`, or one of this worker's own. */
    chatterie: Chatterie
  }
  $test: {
    /** Options with which `world` is created. */
    worldOptions: WorldOptions
    /** A world for this test only, removed when the test has ended. */
    world: World
  }
}

/** Vitest's `test` with the fixtures `chatterie` and `world`. */
export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest requires this form for fixtures without dependencies
  chatterieOptions: [async ({}, use) => use({}), { scope: 'worker' }],
  chatterie: [
    async ({ chatterieOptions }, use) => shareChatterie(chatterieOptions, use),
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above
  worldOptions: async ({}, use) => use({}),
  world: async ({ chatterie, worldOptions, task }, use) => {
    const world = await chatterie.createWorld({ ...nameOf(task.name), ...worldOptions })
    await use(world)
    await world.remove()
  },
})

export { expect } from 'vitest'
