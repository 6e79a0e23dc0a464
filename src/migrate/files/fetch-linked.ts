// Fetches files that messages of an export link to. Users of the other service chose these links, so addresses that
// only this machine or its network can reach are refused, whatever the host name, redirect or spelling of the address.
import { setTimeout as sleep } from 'node:timers/promises'
import { FileGone } from '#domain/moving/fetch-to-store.ts'
import type { FetchFile } from '#migrate/source.ts'
import { type Guard, isPublic, publicWeb, unrestricted } from '#previews/guard.ts'

/** How long a file may take to begin. */
const timeoutMs = 60_000
const redirectsMax = 5
/** Pauses between attempts if the service fails or asks to wait. */
const pausesMs = [500, 2_000, 8_000]
const pauseMaxMs = 30_000

/** The server asks to wait or fails temporarily; the request is retried. */
class Busy extends Error {
  readonly pauseMs: number

  constructor(message: string, pauseMs = 0) {
    super(message)
    this.pauseMs = pauseMs
  }
}

/** Allows the public internet, on any port. */
const guarded: Guard = { ...publicWeb, mayConnect: isPublic }

/**
 * Returns a function that fetches linked files, as anyone on the internet could.
 * @param ownUrl where the operator says that the other service is, which may be in a private network
 * @returns a function that throws FileGone if a file is not available
 */
export function linkFetcher(ownUrl?: string): FetchFile {
  const own = ownUrl === undefined ? undefined : new URL(ownUrl).origin
  return async (url) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await fetchOnce(url, own)
      } catch (error) {
        const pauseMs = pausesMs[attempt]
        const { message } = error as Error
        if (!(error instanceof Busy) || pauseMs === undefined) {
          throw new FileGone(`its file could not be fetched (${message})`)
        }
        await sleep(Math.max(pauseMs, Math.min(error.pauseMs, pauseMaxMs)))
      }
    }
  }
}

async function fetchOnce(url: string, own: string | undefined): ReturnType<FetchFile> {
  // Loaded on demand, because moves without files do not need it.
  const { Client, guardedConnector } = await import('#previews/connector.ts')
  let at = new URL(url)
  for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
    if (!/^https?:$/.test(at.protocol)) throw new Error('not of the web')
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(new Busy('it took too long')), timeoutMs)
    const guard = at.origin === own ? unrestricted : guarded
    const client = new Client(at.origin, { connect: guardedConnector(guard, limit.signal), pipelining: 0 })
    let isKept = false
    try {
      const { statusCode, headers, body } = await client
        .request({ method: 'GET', path: at.pathname + at.search, signal: limit.signal })
        .catch((error) => {
          throw error.code === undefined ? error : new Busy(error.message || error.code)
        })
      const { location, 'retry-after': retryAfter, 'content-type': contentType } = headers
      if (statusCode === 200) {
        isKept = true
        return {
          bytes: closing(body, () => void client.destroy()),
          contentType: typeof contentType === 'string' ? contentType : undefined,
        }
      }
      body.on('error', () => undefined)
      if (statusCode === 429 || statusCode >= 500) {
        throw new Busy(String(statusCode), Number(retryAfter) * 1_000 || 0)
      }
      if (statusCode < 300 || statusCode >= 400 || typeof location !== 'string') {
        throw new Error(String(statusCode))
      }
      at = new URL(location, at)
    } finally {
      clearTimeout(timer)
      if (!isKept) void client.destroy()
    }
  }
  throw new Error('redirected too often')
}

async function* closing(bytes: AsyncIterable<Uint8Array>, close: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } finally {
    close()
  }
}
