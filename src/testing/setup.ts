// `chatterie/testing/setup`: a `globalSetup` of Vitest, Playwright or Jest, by which all files of a run share one server.
import { startChatterie } from './start.ts'

/**
 * Starts a server, unless there is one already, and says where in `CHATTERIE_URL`, which workers inherit.
 * @returns what ends it; without that it ends with this process
 */
export default async function startForAll(): Promise<() => Promise<void>> {
  if (process.env.CHATTERIE_URL) return async () => {}
  const chatterie = await startChatterie()
  process.env.CHATTERIE_URL = chatterie.url
  return async () => {
    delete process.env.CHATTERIE_URL
    await chatterie.close()
  }
}
