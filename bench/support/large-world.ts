// An application with many users, channels and messages, filled by COPY.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { copyMessagesStatement, toCopyRow } from '#data/sql/copy-messages.ts'

export const channelsMax = 1_000
const usersMax = 1_000

export interface World {
  applicationId: number
  channels: number[]
  users: number[]
}

/** Adds users and channels to the first application. */
export async function populate(url: string): Promise<World> {
  return withClient(url, async (client) => {
    const ids = async (statement: string, values: unknown[]) =>
      (await client.query(statement, values)).rows.map(({ id }) => Number(id))
    const [applicationId = 0] = await ids('select min(id) as id from application', [])
    const users = await ids(
      `insert into "user" (application_id, name, display_name)
       select $1, 'user-' || i, 'User ' || i from generate_series(0, $2::int - 1) i returning id`,
      [applicationId, usersMax],
    )
    const channels = await ids(
      `insert into channel (application_id, type, name, display_name)
       select $1, 'PUBLIC', 'channel-' || i, 'Channel ' || i from generate_series(0, $2::int - 1) i returning id`,
      [applicationId, channelsMax],
    )
    await client.query('vacuum (analyze)')
    return { applicationId, channels, users }
  })
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return work(client).finally(() => client.end())
}

const vocabulary =
  'hey did you see the train at seven I will bring coffee and bread for us all tomorrow if rain stops before noon'.split(
    ' ',
  )

/** Returns a message of about 150 characters, with channels and authors in no particular order. */
export function messageAt(at: number): { channel: number; user: number; body: string } {
  const words = Array.from(
    { length: 32 },
    (_, nth) => vocabulary[(at * 7 + nth * 11 + at * nth) % vocabulary.length],
  )
  return { channel: (at * 379) % channelsMax, user: (at * 613) % usersMax, body: `${words.join(' ')} ${at}` }
}

/** @param only the number of the channel that all messages are in; without it they are in all channels */
function* rowsOf(
  { applicationId, channels, users }: World,
  messages: number,
  only: number | undefined,
): Generator<string> {
  for (let at = 0; at < messages; at++) {
    const { channel, user, body } = messageAt(at)
    const properties = JSON.stringify({ nth: at })
    const [channelId, userId] = [channels[only ?? channel], users[user]]
    yield toCopyRow([
      applicationId,
      channelId,
      'TEXT',
      userId,
      body,
      undefined,
      undefined,
      undefined,
      properties,
    ])
  }
}

/** Copies messages into the channels, or into only one. @returns how long it took, in milliseconds */
export async function copyMessages(
  url: string,
  world: World,
  messages: number,
  only?: number,
): Promise<number> {
  return withClient(url, async (client) => {
    const begin = performance.now()
    const rows = Readable.from(rowsOf(world, messages, only))
    await pipeline(rows, client.query(copyFrom(copyMessagesStatement)))
    return performance.now() - begin
  })
}
