import plugin from 'fastify-plugin'

/** While the server stops, an answer is the last of its connection; else the stop would wait for idle clients. */
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
