// A client of a server's test API.

/** Captured on load, because tests replace the global one. */
const { fetch } = globalThis

/** Thrown if the test API refuses a request or does not answer. */
export class ChatterieError extends Error {
  override readonly name = 'ChatterieError'
  /** The status of the answer; undefined if there was none. */
  readonly status: number | undefined
  /** The body of the answer, parsed if it is JSON. */
  readonly body: unknown

  constructor(
    message: string,
    { status, body, cause }: { status?: number; body?: unknown; cause?: unknown },
  ) {
    super(message, { cause })
    this.status = status
    this.body = body
  }
}

type Query = Record<string, string | number | undefined>

interface Request {
  query?: Query
  /** Sent as JSON. */
  json?: unknown
  /** Sent unchanged, with this content type. */
  raw?: { type: string; content: string | Uint8Array<ArrayBuffer> }
}

export class TestApiClient {
  readonly url: string
  /** How often the server was reset through this client; worlds from before are gone, and their ids assigned again. */
  resets = 0
  readonly #headers: Record<string, string>
  /** Why no more requests are possible. */
  #closed: string | undefined

  /**
   * @param url of the server, without a path
   * @param token its `TEST_API_TOKEN`, if it has one
   */
  constructor(url: string, token: string | undefined) {
    this.url = url.replace(/\/+$/, '')
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  }

  /** Makes every later request fail with this reason. */
  close(why: string): void {
    this.#closed = why
  }

  /**
   * @param path below `/_test`
   * @returns the parsed body of the answer; undefined for a 204
   * @throws ChatterieError for any status from 400 on, with the server's message
   */
  async ask<T>(method: string, path: string, request: Request = {}): Promise<T> {
    const answer = await this.send(method, path, request)
    return (answer.status === 204 ? undefined : await answer.json()) as T
  }

  /** Deletes what is at a path. What is already gone is no error. */
  async remove(path: string): Promise<void> {
    await this.ask('DELETE', path).catch((error) => {
      if (!(error instanceof ChatterieError && error.status === 404)) throw error
    })
  }

  /** Like `ask`, but returns the raw answer, for bodies that are not JSON. */
  async send(method: string, path: string, { query = {}, json, raw }: Request = {}): Promise<Response> {
    const name = `${method} /_test${path}`
    if (this.#closed !== undefined) throw new ChatterieError(`${name}: ${this.#closed}`, {})
    const body = raw?.content ?? (json === undefined ? undefined : JSON.stringify(json))
    const type = raw?.type ?? 'application/json'
    const headers = body === undefined ? this.#headers : { ...this.#headers, 'content-type': type }
    const init = body === undefined ? { method, headers } : { method, headers, body }
    const answer = await fetch(`${this.url}/_test${path}${search(query)}`, init).catch((cause: unknown) => {
      throw new ChatterieError(`${name}: nothing answers at ${this.url} (${reasonOf(cause)})`, { cause })
    })
    if (answer.status < 400) return answer
    const text = await answer.text()
    const problem = parsed(text)
    const said = sayingOf(problem) ?? text
    throw new ChatterieError(
      `${name} answered ${answer.status}${said && `: ${said}`}${hintOf(answer, path)}`,
      {
        status: answer.status,
        body: problem ?? text,
      },
    )
  }
}

function search(query: Query): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value))
  return given.size === 0 ? '' : `?${given}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns the human-readable message in the body of an error. */
function sayingOf(body: unknown): string | undefined {
  const { detail, message, error_description: description } = (body ?? {}) as Record<string, unknown>
  const said = detail ?? message ?? description
  return typeof said === 'string' ? said : undefined
}

/** Returns a hint for a 404 of a path that exists whenever the test API is on. */
function hintOf({ status }: Response, path: string): string {
  const isOff = status === 404 && ['/worlds', '/clock', '/coverage', '/reset'].includes(path)
  return isOff ? ' (is the test API on? Start the server with TEST_API=on)' : ''
}

/** fetch reports only that it failed; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error
    ? cause.message || ((cause as NodeJS.ErrnoException).code ?? cause.name)
    : `${cause}`
}
