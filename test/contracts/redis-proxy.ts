// A proxy to Redis that can be stopped, and whose connections can be made to drop all data without being closed.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { redis } from '../conformance/redis.ts'

export interface RedisProxy {
  url: string
  start(): Promise<void>
  /** Ends all connections. */
  stop(): Promise<void>
  /** Drops all further data of the current connections. */
  silence(): void
}

/** Opens the proxy. @param closing where the function that closes it is added */
export async function openRedisProxy(closing: (() => Promise<unknown>)[]): Promise<RedisProxy> {
  const sockets = new Set<Socket>()
  const silent = new Set<Socket>()
  const server = createServer((inner) => {
    const outer = connect(redis.port, redis.host)
    for (const [socket, peer] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket)
      socket.on('data', (data) => silent.has(socket) || peer.write(data))
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        peer.destroy()
      })
    }
  })
  const start = async (port = 0) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const stop = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await start()
  const { port } = server.address() as AddressInfo
  closing.push(stop)
  return {
    url: `redis://127.0.0.1:${port}`,
    start: () => start(port),
    stop,
    silence() {
      for (const socket of sockets) silent.add(socket)
    },
  }
}
