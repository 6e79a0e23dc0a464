// Sends a journal as server-sent events, at the speed of the reader.
import type { ServerResponse } from 'node:http'
import { rateLimited } from '#errors.ts'
import { type Filter, type Journals, passes } from '#test-api/journal/kept.ts'

/** Bytes buffered for a reader. Above that nothing is sent, and the reader misses entries dropped in the meantime. */
const waitingBytesMax = 262_144
/** Interval of the comments that reveal whether the reader is gone. */
const beatMs = 15_000

/**
 * Sends the entries after a position, and new ones as they are added, until the client leaves or the world is removed.
 * @throws ChatError 429 if the world has too many listeners
 */
export function streamEntries(
  journals: Journals,
  response: ServerResponse,
  { worldId, filter, after }: { worldId: number; filter: Filter; after: number },
): void {
  if (response.destroyed) return // its `close` has been emitted
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
