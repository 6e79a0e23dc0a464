// `chatterie/testing/vitest`: tests that are given a server and a world each, and a setup by which the files of a run
// share one server (docs/testing.md).
import { test as base, inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import type { Chatterie } from './chatterie.ts'
import { connectChatterie } from './connect.ts'
import { type StartOptions, startChatterie } from './start.ts'
import type { World, WorldOptions } from './world.ts'

declare module 'vitest' {
  interface ProvidedContext {
    chatterieUrl?: string
  }
}

interface Fixtures {
  $worker: {
    /** Of a server that is started for the worker; none counts where all share one. */
    chatterieOptions: StartOptions
    /** The server: that of the run, of `chatterie exec`, or one of this worker's own. */
    chatterie: Chatterie
  }
  $test: {
    /** What `world` is made with. */
    worldOptions: WorldOptions
    /** A world of this test's own, removed when the test has ended. */
    world: World
  }
}

/** vitest's `test` with the fixtures `chatterie` and `world`. */
export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: fixtures that need no others are spelt so
  chatterieOptions: [async ({}, use) => use({}), { scope: 'worker' }],
  chatterie: [
    async ({ chatterieOptions }, use) => {
      const url = inject('chatterieUrl') ?? process.env.CHATTERIE_URL
      const chatterie = url ? await connectChatterie(url) : await startChatterie(chatterieOptions)
      await use(chatterie)
      await chatterie.close()
    },
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above
  worldOptions: async ({}, use) => use({}),
  world: async ({ chatterie, worldOptions, task }, use) => {
    const world = await chatterie.createWorld({ name: task.name, ...worldOptions })
    await use(world)
    await world.remove()
  },
})

export { expect } from 'vitest'

/** A `globalSetup`: starts one server for all files of the run, and ends it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chatterie = await startChatterie()
  project.provide('chatterieUrl', chatterie.url)
  return () => chatterie.close()
}
