// Loaded into the server: reports on request what the process holds.
import type { Held } from './target.ts'

const { gc } = globalThis
process.on('message', () => {
  gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo()
  const handles = resources.filter((name) => !/Timeout|Immediate|FSReq|GetAddrInfo/.test(name)).length
  process.send?.({
    heldMb: (heapUsed + external) / 1_048_576,
    rssMb: rss / 1_048_576,
    handles,
  } satisfies Held)
})
process.channel?.unref() // it does not keep the server from stopping
