// Clients that send over their sockets; each sends its next message when it has received its last one.
import { channelHypermedia } from '#resources/channel.ts'
import type { StompClient } from './stomp.ts'

export interface SocketLoad {
  clients: StompClient[]
  /** Returns the next message of a client. */
  next: (client: number) => { channelId: number; message: object }
  /** The total of all clients; if there are more clients, they take turns, because each has a rate limit. */
  inFlight: number
  ms: number
}

/** @returns how many messages were sent and received by their senders */
export async function loadSockets({ clients, next, inFlight, ms }: SocketLoad): Promise<number> {
  const end = performance.now() + ms
  let sent = 0
  const sender = async (first: number) => {
    for (let nth = first; performance.now() < end; nth = (nth + inFlight) % clients.length) {
      const { channelId, message } = next(nth)
      await clients[nth]?.send(
        channelHypermedia.actions.message.at({ id: channelId }),
        JSON.stringify(message),
      )
      sent += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, first) => sender(first)))
  return sent
}
