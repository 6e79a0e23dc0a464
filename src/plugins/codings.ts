// Takes no body that is packed: a small one may unpack into a huge one.
import plugin from 'fastify-plugin'
import { ChatError } from '#errors.ts'

export const codings = plugin(
  async (app) => {
    app.addHook('preParsing', async ({ headers }, reply) => {
      const coding = headers['content-encoding']?.trim().toLowerCase()
      if (!coding || coding === 'identity') return
      reply.header('accept-encoding', 'identity') // [RFC 9110 section 12.5.3]
      throw new ChatError('UnsupportedMediaTypeError', 'The body must have no content coding')
    })
  },
  { name: 'codings' },
)
