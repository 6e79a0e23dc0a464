import plugin from 'fastify-plugin'

/** While the server stops, an answer is the last of its connection; else the stop would wait for idle clients. */
export const draining = plugin(
  async (app) => {
    let isStopping = false
    app.addHook('preClose', async () => {
      isStopping = true
    })
    app.addHook('onSend', async (_request, reply) => {
      if (isStopping) reply.header('connection', 'close')
    })
  },
  { name: 'draining' },
)
