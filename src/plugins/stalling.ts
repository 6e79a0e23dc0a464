import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import plugin from 'fastify-plugin'

/**
 * Cuts off clients that stall: nothing moved for the server's `timeout`, while a request arrives or an answer is sent.
 * Node would also cut off those that wait for an answer which takes longer, such as that of an installation.
 */
export const stalling = plugin(
  async (app) => {
    app.server.on('request', (_request: IncomingMessage, response: ServerResponse) => {
      response.on('timeout', cutOffStalled)
    })
  },
  { name: 'stalling' },
)

function cutOffStalled(this: ServerResponse, socket: Socket): void {
  const isWaiting = this.req.complete && socket.writableLength === 0
  if (!isWaiting) socket.destroy()
}
