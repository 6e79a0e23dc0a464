// The client of the Platform API that data is moved from: limits its request rate, and retries failures.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#clock/clock.ts'
import { FileGone } from '#domain/moving/fetch-to-store.ts'
import type { Usage } from '#migrate/source.ts'

export interface ApiOptions {
  /** The URL of the API, with or without `/v1`. */
  baseUrl: string
  /** The full URL of the token endpoint. */
  tokenUrl: string
  clientId: string
  clientSecret: string
  /** Maximum requests per second. */
  rate: number
  /** How long one request is retried while the source fails. */
  patienceMs: number
  clock: Pick<Clock, 'now'>
}

/** Returns the base URL of the API, without `/v1`. */
export function platformRoot(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')
}

/** The source refused a request, and retrying would not help. */
export class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Timeout of one request. */
const timeoutMs = 60_000
const firstPauseMs = 250
const longestPauseMs = 30_000
/** A token is replaced this long before it expires. */
const spareMs = 60_000

interface Asking<T> {
  withToken: boolean
  /** Reads a successful answer; if it throws, the request is retried. */
  read(answer: Response): Promise<T>
}

/** The result of a failed attempt. */
interface Failure {
  /** The status of the answer, if there was one. */
  status?: number
  why: string
  retryAfter: string | null
}

export class ChatKittyApi {
  readonly base: string
  readonly usage: Usage = { requests: 0, repeated: 0 }
  readonly #options: ApiOptions
  #token: Promise<{ value: string; endsAt: number }> | undefined
  /** When the next request may be sent, by `performance.now()`. */
  #nextAt = 0

  constructor(options: ApiOptions) {
    this.#options = options
    this.base = platformRoot(options.baseUrl)
  }

  /** Fetches a JSON document below `/v1`, converting its keys to camelCase. @throws Refusal */
  async get<T>(path: string): Promise<T> {
    const read = async (answer: Response) => inCamelCase(await answer.json()) as T
    return this.#ask(`${this.base}/v1${path}`, { withToken: true, read })
  }

  /** Fetches a file. @throws FileGone, Refusal */
  async file(url: string): Promise<{ bytes: AsyncIterable<Uint8Array>; contentType?: string | undefined }> {
    // The source's own files are fetched from the API's address with the token, which must not be sent to other hosts.
    const own = /^(?:\/v1)?(\/files\/.+)$/.exec(new URL(url).pathname)?.[1]
    // Without a timeout for the bytes: only their beginning is waited for.
    const read = async (answer: Response) => answer
    try {
      const answer = own
        ? await this.#ask(`${this.base}/v1${own}`, { withToken: true, read })
        : await this.#ask(url, { withToken: false, read })
      if (answer.body === null) throw new FileGone('its file is empty')
      const contentType = answer.headers.get('content-type') ?? undefined
      return { bytes: answer.body, contentType }
    } catch (error) {
      if (error instanceof Refusal) throw new FileGone(`its file could not be fetched (${error.status})`)
      throw error
    }
  }

  async #ask<T>(url: string, request: Asking<T>): Promise<T> {
    const { patienceMs, clock } = this.#options
    const givesUpAt = performance.now() + patienceMs
    let isRenewed = false
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(url, request)
      if ('value' in outcome) return outcome.value
      const { status, retryAfter } = outcome
      if (status === 401 && request.withToken && !isRenewed) {
        isRenewed = true
        this.#token = undefined
        continue
      }
      if (status !== undefined && !mayPass(status)) throw refusalOf(url, status)
      const asked = retryAfterMs(retryAfter, clock.now())
      const pause = asked ?? pauseBefore(attempt)
      if (performance.now() + pause > givesUpAt) throw givingUp(url, outcome.why, patienceMs)
      this.usage.repeated++
      // A rate limit of one request applies to all of them.
      if (asked !== undefined) this.#nextAt = Math.max(this.#nextAt, performance.now() + asked)
      await sleep(pause)
    }
  }

  /** Performs one request and reads its answer. @throws Refusal if no token is granted */
  async #attempt<T>(url: string, { withToken, read }: Asking<T>): Promise<{ value: T } | Failure> {
    const limit = new AbortController()
    let timer: NodeJS.Timeout | undefined
    try {
      const headers = {
        accept: withToken ? 'application/json, */*;q=0.5' : '*/*',
        ...(withToken && { authorization: `Bearer ${await this.#currentToken()}` }),
      }
      await this.#turn()
      timer = setTimeout(() => limit.abort(new Error('it took too long')), timeoutMs)
      const answer = await fetch(url, { headers, signal: limit.signal })
      if (answer.ok) return { value: await read(answer) }
      await answer.body?.cancel()
      const { status } = answer
      return { status, why: `it answers ${status}`, retryAfter: answer.headers.get('retry-after') }
    } catch (error) {
      if (error instanceof Refusal) throw error
      return { why: reasonOf(error as Error), retryAfter: null }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Waits until the rate limit permits another request. */
  async #turn(): Promise<void> {
    const now = performance.now()
    const at = Math.max(now, this.#nextAt)
    this.#nextAt = at + 1_000 / this.#options.rate
    this.usage.requests++
    if (at > now) await sleep(at - now)
  }

  async #currentToken(): Promise<string> {
    this.#token ??= this.#newToken()
    const token = await this.#token
    if (this.#options.clock.now() < token.endsAt) return token.value
    this.#token = this.#newToken()
    return (await this.#token).value
  }

  async #newToken(): Promise<{ value: string; endsAt: number }> {
    try {
      return await this.#askForToken()
    } catch (error) {
      this.#token = undefined // the next attempt requests a new one
      throw error
    }
  }

  async #askForToken() {
    const { tokenUrl, clientId, clientSecret, clock } = this.#options
    await this.#turn()
    const answer = await fetch(tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!answer.ok) {
      await answer.body?.cancel()
      if (mayPass(answer.status)) throw new Error(`no token was given (${answer.status})`)
      throw new Refusal(answer.status, `The source refused the credentials (${answer.status})`)
    }
    const { access_token: value, expires_in: seconds } = (await answer.json()) as {
      access_token: string
      expires_in: number
    }
    return { value, endsAt: clock.now() + Math.max(1_000, seconds * 1_000 - spareMs) }
  }
}

const mayPass = (status: number) => [408, 425, 429].includes(status) || status >= 500

function pauseBefore(attempt: number): number {
  const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** attempt)
  return pause * (0.75 + Math.random() / 2)
}

/** Parses a Retry-After header (RFC 9110, 10.2.3): seconds or a date. */
function retryAfterMs(header: string | null, now: number): number | undefined {
  const value = header?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1_000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

const pathOf = (url: string) => new URL(url).pathname

function refusalOf(url: string, status: number): Refusal {
  return new Refusal(status, `The source refused ${pathOf(url)} (${status})`)
}

function givingUp(url: string, why: string, patienceMs: number): Error {
  const waited = Math.round(patienceMs / 1_000)
  return new Error(
    `The source has failed ${pathOf(url)} for ${waited} s: ${why}. Run the command again to continue from here`,
  )
}

function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message ? `${message}: ${cause.message}` : message
}

/** Fields whose content has keys of the customer, which are not converted. */
const opaque = new Set(['properties', 'environmentVariables', 'settings', '_links'])

function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const name = key.replace(/(?<=[a-z0-9])_([a-z])/g, (_, letter: string) => letter.toUpperCase())
      return [name, opaque.has(name) ? each : inCamelCase(each)]
    }),
  )
}
