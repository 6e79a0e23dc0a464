// Sending over the socket, compared with REST: the same users, channels and bytes, with the same sessions subscribed.
import { load } from '../support/load.ts'
import { Outbox } from '../support/outbox.ts'
import { messageOf, sendRequest } from '../support/requests.ts'
import { compare, type Pace, until } from '../support/rounds.ts'
import { seedMembers } from '../support/seed-members.ts'
import type { Stage } from '../support/stage.ts'
import { count, ratio, table, verdict } from '../support/table.ts'
import { loadSockets } from './socket-load.ts'
import { StompClient } from './stomp.ts'

const aim = 1.3
const users = 32
/** Coprime to the number of users, so that all take turns. */
const channelsOfUser = 31

export async function socketSend(stage: Stage, pace: Pace): Promise<string> {
  const databaseUrl = await stage.createDatabase('socket_send')
  const server = await stage.startServer(databaseUrl)
  // Every user is alone in their channels, so nobody else is notified.
  const channels = Array.from({ length: users * channelsOfUser }, (_, nth) => ({
    from: nth % users,
    members: 1,
  }))
  const world = await seedMembers(databaseUrl, { users, channels })
  const clients = await Promise.all(
    world.accounts.map((account) => StompClient.start(server.port, world.apiKey, account)),
  )
  const outbox = await Outbox.open(databaseUrl)
  const drained = () => outbox.drained()
  let nth = 0
  const channelOf = (user: number) => world.channels[user + users * (nth % channelsOfUser)] ?? 0
  const next = (user: number) => {
    nth += 1
    return { channelId: channelOf(user), message: messageOf(nth) }
  }
  const nextRequest = () => {
    nth += 1
    const user = nth % users
    return sendRequest(server.token, channelOf(user), nth, world.accounts[user]?.username ?? '')
  }
  try {
    const rows: string[][] = []
    for (const inFlight of [1, users]) {
      const rest = until(drained, (ms) =>
        load({ port: server.port, next: nextRequest, connections: inFlight, ms }),
      )
      const socket = until(drained, (ms) => loadSockets({ clients, next, inFlight, ms }))
      const found = await compare(rest, socket, pace)
      rows.push([
        String(inFlight),
        count(found.second),
        count(found.first),
        ratio(found.ratio),
        `<= ${ratio(aim)}`,
        verdict(found.ratio <= aim),
      ])
    }
    return table(
      'Sending over the socket, until its echo, beside sending by REST',
      ['messages/s, in flight', 'socket', 'REST', 'cost', 'aim', 'reached'],
      rows,
    )
  } finally {
    await outbox.close()
  }
}
