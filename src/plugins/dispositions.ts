// Provides the Content-Disposition of a form's parts, which @fastify/multipart does not expose. It only recognizes
// `filename*` if that comes last and nothing is quoted before it.
import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import plugin from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** Records the headers of file parts; call it before the form is read. Returns a lookup of a part's raw header. */
    noteDispositions(): (file: Readable) => string | undefined
  }
}

export const dispositions = plugin(
  async (app) => {
    app.decorateRequest('noteDispositions', function noteDispositions() {
      const noted = new WeakMap<Readable, string>()
      const { raw } = this
      // The request is piped into the parser once, when all of its parts are still to come.
      raw.pipe = (parser, options) => {
        Reflect.deleteProperty(raw, 'pipe')
        note(parser, noted)
        return raw.pipe(parser, options)
      }
      return (file) => noted.get(file)
    })
  },
  { name: 'dispositions' },
)

/** Returns the header parser inside the form parser (@fastify/busboy 3). */
function dicerOf(parser: object): EventEmitter {
  const dicer: unknown = Reflect.get(Object(Reflect.get(parser, '_parser')), 'parser')
  if (dicer instanceof EventEmitter) return dicer
  throw new Error('@fastify/busboy has another inside than is known here')
}

function note(parser: NodeJS.EventEmitter, noted: WeakMap<Readable, string>): void {
  let current: string | undefined
  dicerOf(parser).prependListener('part', (part: EventEmitter) => {
    part.once('header', (header: Record<string, string[]>) => {
      current = header['content-disposition']?.[0]
    })
  })
  parser.prependListener('file', (_name: string, file: Readable) => {
    if (current !== undefined) noted.set(file, current)
  })
}
