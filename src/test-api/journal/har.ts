// Exports the requests of a journal as HTTP Archive 1.2, which browsers and proxies can open.
import { STATUS_CODES } from 'node:http'
import type { Entry } from '#test-api/journal/kept.ts'

/** The fields of request entries, as `observing` records them. */
interface RequestEntry extends Entry {
  method: string
  path: string
  query?: Record<string, string | string[]>
  /** Null if no answer was sent. */
  status: number | null
  durationMs: number
  requestType?: string
  requestBody?: unknown
  responseType?: string
  responseBody?: unknown
}

/** @param origin where the requests were sent, such as `http://localhost:9001` */
export function toHar(entries: Iterable<Entry>, origin: string) {
  return {
    log: {
      version: '1.2',
      creator: { name: 'Chatterie', version: '1' },
      entries: [...entries].map((entry) => toHarEntry(entry as RequestEntry, origin)),
    },
  }
}

function toHarEntry(entry: RequestEntry, origin: string) {
  const { method, path, query = {}, status, durationMs, requestType, responseType } = entry
  const queryString = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ name, value: String(value) })),
  )
  const search = new URLSearchParams(
    queryString.map(({ name, value }): [string, string] => [name, value]),
  ).toString()
  const sent = textOf(entry.requestBody)
  const answered = textOf(entry.responseBody)
  return {
    startedDateTime: new Date(Date.parse(entry.time) - durationMs).toISOString(),
    time: durationMs,
    request: {
      method,
      url: `${origin}${path}${search && `?${search}`}`,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: contentType(requestType),
      queryString,
      ...(sent !== undefined && { postData: { mimeType: requestType ?? '', params: [], text: sent } }),
      headersSize: -1,
      bodySize: Buffer.byteLength(sent ?? ''),
    },
    response: {
      status: status ?? 0,
      statusText: STATUS_CODES[status ?? 0] ?? '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: contentType(responseType),
      content: {
        size: Buffer.byteLength(answered ?? ''),
        mimeType: responseType ?? 'x-unknown',
        ...(answered !== undefined && { text: answered }),
      },
      redirectURL: '',
      headersSize: -1,
      bodySize: Buffer.byteLength(answered ?? ''),
    },
    cache: {},
    timings: { send: 0, wait: durationMs, receive: 0 },
  }
}

function contentType(type: string | undefined) {
  return type === undefined ? [] : [{ name: 'content-type', value: type }]
}

function textOf(body: unknown): string | undefined {
  return typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
}
