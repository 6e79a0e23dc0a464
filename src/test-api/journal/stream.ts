// A journal as server-sent events, at the speed of who reads them.
import type { ServerResponse } from 'node:http'
import { rateLimited } from '#errors.ts'
import { type Filter, type Journals, passes } from '#test-api/journal/kept.ts'

/** Bytes that may wait for a reader; while there are more, it is sent nothing, and misses what is not kept any more. */
const waitingBytesMax = 262_144
/** How often a comment is sent, by which a reader that is gone is found out. */
const beatMs = 15_000

/**
 * Sends the entries from behind a position, and those to come, until the client or the world is gone.
 * @throws ChatError 429 where too many listen to the world
 */
export function streamEntries(
  journals: Journals,
  response: ServerResponse,
  { worldId, filter, after }: { worldId: number; filter: Filter; after: number },
): void {
  let position = after
  const pump = () => {
    while (response.writableLength < waitingBytesMax) {
      const [entry] = journals.list(worldId, filter, position)
      if (!entry) return
      position = entry.position
      response.write(`id: ${position}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`)
    }
  }
  const stop = journals.listen(worldId, {
    added(entry) {
      if (entry.position <= position) position = 0 // the world was reset
      if (passes(entry, filter)) pump()
    },
    ended: () => response.end(),
  })
  if (!stop) throw rateLimited('Too many wait for entries of this world', 1_000)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.flushHeaders()
  const beats = setInterval(() => response.writableLength === 0 && response.write(':\n\n'), beatMs).unref()
  response.on('drain', pump)
  response.once('close', () => {
    stop()
    clearInterval(beats)
  })
  pump()
}
