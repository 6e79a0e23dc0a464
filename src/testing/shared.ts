// The server of the fixtures.
import type { Chatterie } from './chatterie.ts'
import { connectChatterie } from './connect.ts'
import { type StartOptions, startChatterie } from './start.ts'

interface Shared {
  chatterie: Promise<Chatterie>
  users: number
}

/** The servers of this worker, by their options. */
const shared = new Map<string, Shared>()

/**
 * Passes a server to `use`, and closes it after its last user. Vitest creates the fixtures of a worker again for each
 * `test.extend`, and all of them use the same server if its options are the same.
 */
export async function shareChatterie(
  options: StartOptions,
  use: (chatterie: Chatterie) => Promise<void>,
): Promise<void> {
  const key = JSON.stringify(options)
  const server = shared.get(key) ?? { chatterie: openChatterie(options), users: 0 }
  shared.set(key, server)
  server.users += 1
  try {
    await use(await server.chatterie)
  } finally {
    server.users -= 1
    if (server.users === 0) {
      shared.delete(key)
      await (await server.chatterie).close()
    }
  }
}

/** Connects to the server of `chatterie exec` or `chatterie/testing/setup`; if there is none, starts one. */
export function openChatterie(options: StartOptions): Promise<Chatterie> {
  const url = process.env.CHATTERIE_URL
  return url ? connectChatterie(url, process.env.TEST_API_TOKEN || undefined) : startChatterie(options)
}

const nameMax = 512

/** Derives the name of a world from the title of its test. */
export function nameOf(title: string): { name?: string } {
  const name = title.trim().slice(0, nameMax).toWellFormed()
  return name === '' ? {} : { name }
}
