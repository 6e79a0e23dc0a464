// `chatterie/testing/setup`: a `globalSetup` for Vitest, Playwright or Jest: all files of a run share one server.
import { startChatterie } from './start.ts'

/**
 * Starts a server unless there is one already, and sets `CHATTERIE_URL`, which workers inherit.
 * @returns a function that stops the server; otherwise it stops with this process
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
