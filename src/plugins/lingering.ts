import type { Socket } from 'node:net'
import plugin from 'fastify-plugin'

/** How long a connection is read from after its last answer. */
const lingerMs = 2_000

/**
 * Who is refused before it has sent its whole body still gets the answer: a connection that closes while bytes arrive is
 * reset, and takes the answer with it. So it is ended on our side only, and read from for a while (RFC 9112, 9.6).
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

/** Node closes a connection after its last answer by this method. */
function linger(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref()
    socket.once('close', () => clearTimeout(timer))
  }
}
