// `chatterie/testing/playwright`: fixtures that give each test a server and a world (docs/testing.md).
import { test as base } from '@playwright/test'
import type { Chatterie } from './chatterie.ts'
import { nameOf, openChatterie } from './shared.ts'
import type { StartOptions } from './start.ts'
import type { World, WorldOptions } from './world.ts'

interface WorkerFixtures {
  /** Options of a server that is started for the worker; ignored if all workers share one. */
  chatterieOptions: StartOptions
  /** The server: that of the run, of `chatterie exec`, or one of this worker's own. */
  chatterie: Chatterie
}

interface TestFixtures {
  /** Options with which `world` is created. */
  worldOptions: WorldOptions
  /** A world for this test only, removed when the test has ended; a failed test gets its journal attached. */
  world: World
}

/** Playwright's `test` with the fixtures `chatterie` and `world`. */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  chatterieOptions: [{}, { scope: 'worker', option: true }],
  chatterie: [
    async ({ chatterieOptions }, use) => {
      const chatterie = await openChatterie(chatterieOptions)
      await use(chatterie)
      await chatterie.close()
    },
    { scope: 'worker' },
  ],
  worldOptions: [{}, { option: true }],
  world: async ({ chatterie, worldOptions }, use, info) => {
    const world = await chatterie.createWorld({ ...nameOf(info.title), ...worldOptions })
    await use(world)
    if (info.status !== info.expectedStatus) {
      const body = JSON.stringify(await world.journal(), null, 2)
      await info.attach('chatterie-journal.json', { body, contentType: 'application/json' })
    }
    await world.remove()
  },
})

export { expect } from '@playwright/test'
