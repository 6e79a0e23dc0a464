import type { Socket } from 'node:net'
import plugin from 'fastify-plugin'

/** How long a connection is read after its last answer. */
const lingerMs = 2_000

/**
 * Delivers answers to clients that are refused before they have sent their whole body. Closing a connection while data
 * arrives resets it and drops the answer, so only our side is closed, and reading goes on (RFC 9112, 9.6).
 */
export const lingering = plugin(
  async (app) => {
    app.addHook('onSend', ({ raw }, _reply, _payload, done) => {
      if (!raw.complete) linger(raw.socket)
      done()
    })
  },
  { name: 'lingering' },
)

/** Overrides the method with which Node closes a connection after its last answer. */
function linger(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref()
    socket.once('close', () => clearTimeout(timer))
  }
}
