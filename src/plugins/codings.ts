// Refuses compressed bodies, because a small one may expand to a huge one.
import plugin from 'fastify-plugin'
import { ChatError } from '#errors.ts'

export const codings = plugin(
  async (app) => {
    app.addHook('preParsing', ({ headers }, reply, _payload, done) => {
      const coding = headers['content-encoding']?.trim().toLowerCase()
      if (!coding || coding === 'identity') return done()
      reply.header('accept-encoding', 'identity') // [RFC 9110 section 12.5.3]
      done(new ChatError('UnsupportedMediaTypeError', 'The body must have no content coding'))
    })
  },
  { name: 'codings' },
)
