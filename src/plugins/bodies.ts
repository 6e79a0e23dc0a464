// Parses JSON request bodies, under every content type that the API has for them.
import { isUtf8 } from 'node:buffer'
import plugin from 'fastify-plugin'
import { ChatError } from '#errors.ts'
import { jsonTypes } from '#wire/negotiation.ts'

/** Default limit for a JSON body, in bytes. */
const bodyMax = 1_048_576

export const bodies = plugin<{ max?: number }>(
  async (app, { max = bodyMax }) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(jsonTypes, { parseAs: 'buffer', bodyLimit: max }, (_request, body, done) => {
      parseInto(done, body as Buffer)
    })
    // The default content type of curl -d, which the overview's own example uses (contract h18).
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: max },
      (_request, body, done) => {
        const first = (body as Buffer).toString('latin1', 0, 64).trimStart()[0]
        if (first === '{' || first === '[' || first === undefined) parseInto(done, body as Buffer)
        else done(new ChatError('UnsupportedMediaTypeError', 'The body must be JSON'))
      },
    )
  },
  { name: 'bodies' },
)

type Done = (error: Error | null, body?: unknown) => void

function parseInto(done: Done, body: Buffer): void {
  try {
    done(null, parseJson(body))
  } catch (error) {
    done(error as Error)
  }
}

/** `__proto__` and the like are ordinary keys here: JSON.parse defines them, and no code assigns them further. */
function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined
  if (!isUtf8(body)) throw new ChatError('ClientError', 'The body is not valid UTF-8')
  const text = body.toString('utf8')
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ChatError('ClientError', 'The body is not valid JSON')
  }
}
