import plugin from 'fastify-plugin'

/** Closes each connection after its current answer while the server stops; the stop would wait for idle clients. */
export const draining = plugin(
  async (app) => {
    let isStopping = false
    app.addHook('preClose', async () => {
      isStopping = true
    })
    app.addHook('onSend', (_request, reply, _payload, done) => {
      if (isStopping) reply.header('connection', 'close')
      done()
    })
  },
  { name: 'draining' },
)
