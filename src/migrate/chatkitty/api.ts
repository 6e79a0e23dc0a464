// The Platform API of the service that is left: at a rate that it bears, and past its failures.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#clock/clock.ts'
import { FileGone } from '#domain/moving/fetch-to-store.ts'
import type { Usage } from '#migrate/source.ts'

export interface ApiOptions {
  /** Of the API, with or without `/v1`. */
  baseUrl: string
  /** The whole address of the token endpoint. */
  tokenUrl: string
  clientId: string
  clientSecret: string
  /** Requests a second, at most. */
  rate: number
  /** How long one request is tried again while the source fails. */
  patienceMs: number
  clock: Pick<Clock, 'now'>
}

/** Where the API is, without `/v1`. */
export function platformRoot(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')
}

/** The source said no, and asking again would not help. */
export class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** One request. */
const timeoutMs = 60_000
const firstPauseMs = 250
const longestPauseMs = 30_000
/** So long before it ends, a token is replaced. */
const spareMs = 60_000

interface Asking<T> {
  withToken: boolean
  /** What is read of an answer that is no refusal; what it throws is tried again. */
  read(answer: Response): Promise<T>
}

/** What an attempt came to that got nothing. */
interface Failure {
  /** Of its answer, if it had one. */
  status?: number
  why: string
  retryAfter: string | null
}

export class ChatKittyApi {
  readonly base: string
  readonly usage: Usage = { requests: 0, repeated: 0 }
  readonly #options: ApiOptions
  #token: Promise<{ value: string; endsAt: number }> | undefined
  /** When the next request may be sent, by the clock of `performance`. */
  #nextAt = 0

  constructor(options: ApiOptions) {
    this.#options = options
    this.base = platformRoot(options.baseUrl)
  }

  /** A JSON document below `/v1`, with its own keys in camelCase. @throws Refusal */
  async get<T>(path: string): Promise<T> {
    const read = async (answer: Response) => inCamelCase(await answer.json()) as T
    return this.#ask(`${this.base}/v1${path}`, { withToken: true, read })
  }

  /** @throws FileGone, Refusal */
  async file(url: string): Promise<{ bytes: AsyncIterable<Uint8Array>; contentType?: string | undefined }> {
    // One of its own is asked for where the API is, and with the token, which is for nobody else.
    const own = /^(?:\/v1)?(\/files\/.+)$/.exec(new URL(url).pathname)?.[1]
    // Its bytes take what they take: what is waited for is that they begin.
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
      // Whoever limits one request limits them all.
      if (asked !== undefined) this.#nextAt = Math.max(this.#nextAt, performance.now() + asked)
      await sleep(pause)
    }
  }

  /** One request, up to the end of what is read of its answer. @throws Refusal where it gets no token */
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

  /** Waits until it may ask. */
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
      this.#token = undefined // the next attempt asks anew
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

/** RFC 9110, 10.2.3: seconds, or a date. */
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
    `The source has failed ${pathOf(url)} for ${waited} s: ${why}. Run the command again, and it goes on from here`,
  )
}

function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message ? `${message}: ${cause.message}` : message
}

/** Their keys are the customer's. */
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
