// The Redis for tests with several processes.
import { connect } from 'node:net'

export const redis = { host: '127.0.0.1', port: 6379, url: 'redis://127.0.0.1:6379' }

export async function hasRedis(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(redis.port, redis.host)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.setTimeout(1_000, () => resolve(false)).once('connect', () => socket.destroy())
  })
}
