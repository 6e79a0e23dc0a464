// Parses JSON request bodies, under every content type that the API has for them.
import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import plugin from 'fastify-plugin'
import { ChatError } from '#errors.ts'
import { jsonTypes } from '#wire/negotiation.ts'

/** Default limit for a JSON body, in bytes. */
const bodyMax = 1_048_576

export const bodies = plugin<{ max?: number }>(
  async (app, { max = bodyMax }) => {
    app.addHook('onRequest', ({ raw: { headers } }, _reply, done) => {
      // Some clients declare a type without sending a body, which is no reason to refuse the request.
      if (headers['content-type'] !== undefined && !hasBody(headers)) delete headers['content-type']
      done()
    })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(jsonTypes, { parseAs: 'buffer', bodyLimit: max }, (_request, body, done) => {
      parseInto(done, body as Buffer)
    })
    // The default content type of curl -d, which the overview's own example uses (contract h18).
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: max },
      (_request, body, done) => {
        const first = (body as Buffer).toString('utf8', 0, 64).trimStart()[0]
        if (first === '{' || first === '[' || first === undefined) parseInto(done, body as Buffer)
        else done(new ChatError('UnsupportedMediaTypeError', 'The body must be JSON'))
      },
    )
  },
  { name: 'bodies' },
)

/** Returns whether a request has a body (RFC 9112 section 6.3); one of no bytes is none. */
function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

type Done = (error: Error | null, body?: unknown) => void

function parseInto(done: Done, body: Buffer): void {
  try {
    done(null, parseJson(body))
  } catch (error) {
    done(error as Error)
  }
}

/**
 * A byte order mark at the start is ignored, as RFC 8259 section 8.1 permits; some editors and shells write one.
 * `__proto__` and the like are ordinary keys here: JSON.parse defines them, and no code assigns them further.
 */
function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  if (!isUtf8(body)) throw new ChatError('ClientError', 'The body is not valid UTF-8')
  const text = withoutMark(body.toString('utf8'))
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ChatError('ClientError', 'The body is not valid JSON')
  }
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
