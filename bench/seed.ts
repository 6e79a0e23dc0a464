// Fills a database as use would have: users, channels without members, messages, and the counters that the dispatcher
// keeps. Who is no member is not notified: what that costs is not the cost of a send.
import pg from 'pg'
import { counterMoves } from '#data/events/counters.ts'
import type { EventType } from '#resources/events.ts'

export interface Contents {
  messages: number
  /** How many channels have messages, besides the hot one, which has half of them all. */
  spread: number
}

/** Ids of what is there. */
export interface World {
  applicationId: number
  /** All but the hot one. */
  channels: number[]
  /** Those with messages in them. */
  filled: number[]
  hot: number
  users: number[]
  usernames: string[]
  /** Of the hot channel's messages, the first and the last id. */
  hotFrom: number
  hotThrough: number
}

const usersCount = 1_000
const channelsCount = 1_001
const hotName = 'zz-hot'

/** Fills the first application of a database that has nothing but it. */
export async function seed(url: string, { messages, spread }: Contents): Promise<World> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const applicationId = Number((await client.query('select min(id) as id from application')).rows[0].id)
    const users = await client.query(insertUsers, [applicationId, usersCount])
    const userIds = users.rows.map(({ id }) => Number(id))
    const inserted = await client.query(insertChannels, [applicationId, channelsCount, hotName, userIds])
    const [hot = 0, ...channels] = inserted.rows.map(({ id }) => Number(id))
    const filled = channels.slice(0, spread)
    await client.query(insertThreads)
    await withoutIndexes(client, () =>
      client.query(insertMessages, [applicationId, messages, hot, filled, userIds, phrases()]),
    )
    for (const statement of insertCounters) await client.query(statement)
    await client.query('vacuum (analyze)')
    const ends = await client.query(
      'select min(id) as first, max(id) as last from message where channel_id = $1',
      [hot],
    )
    return {
      applicationId,
      channels,
      filled,
      hot,
      users: userIds,
      usernames: userIds.map((_, at) => `user-${at + 1}`),
      hotFrom: Number(ends.rows[0].first),
      hotThrough: Number(ends.rows[0].last),
    }
  } finally {
    await client.end()
  }
}

const insertUsers = `
  insert into "user" (application_id, name, display_name, properties)
  select $1, 'user-' || i, 'User ' || i, jsonb_build_object('team', i % 7, 'city', 'Kampala')
  from generate_series(1, $2::int) i
  returning id`

const insertChannels = `
  insert into channel (application_id, type, name, display_name, creator_id, properties)
  select $1, 'PUBLIC', case i when 1 then $3 else 'channel-' || lpad(i::text, 4, '0') end, 'Channel ' || i,
         ($4::bigint[])[1 + i % cardinality($4)], jsonb_build_object('topic', 'number ' || i)
  from generate_series(1, $2::int) i
  returning id`

const insertThreads = `
  insert into thread (application_id, channel_id, type) select application_id, id, 'MAIN' from channel`

/** Every second message is the hot channel's; the others go round. */
const insertMessages = `
  insert into message (application_id, channel_id, type, user_id, body, properties, created_time)
  select $1, case i % 2 when 0 then $3 else ($4::bigint[])[1 + (i / 2) % cardinality($4::bigint[])] end,
         'TEXT', ($5::bigint[])[1 + i % cardinality($5::bigint[])],
         p[1 + i % 64] || ' ' || p[1 + i / 64 % 64] || ' ' || p[1 + i / 4096 % 64],
         jsonb_build_object('client', 'bench', 'nth', i), now() - ($2::int - i) * interval '1 second'
  from generate_series(1, $2::int) i, (select $6::text[]) as phrases (p)`

/** Words of chat, since random letters would be hard on the trigram index in a way that no language is. */
function phrases(): string[] {
  const words =
    'hey did you see the train at seven I will bring coffee and bread for us all tomorrow if rain stops before noon'
  const list = words.split(' ')
  const word = (at: number) => list[at % list.length]
  return Array.from({ length: 64 }, (_, i) =>
    [0, 1, 2, 3, 4].map((j) => word(i * 7 + j * 11 + i * j)).join(' '),
  )
}

/** What the dispatcher would have counted, had each row come with its event. */
const counted: Partial<Record<EventType, string>> = {
  'user.created': '"user"',
  'channel.created': 'channel',
  'channel.message.created': 'message',
}

const insertCounters = counterMoves.flatMap(({ type, scope, owner }) => {
  const from = counted[type]
  return from === undefined
    ? []
    : `insert into counter (scope, scope_id, value) select '${scope}', ${owner}_id, count(*) from ${from} group by 2`
})

/** A million rows go in twice as fast where indexes are built, and foreign keys trusted, once they are in. */
async function withoutIndexes(client: pg.Client, work: () => Promise<unknown>): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
     where tablename = 'message' and indexname <> 'message_pkey'`,
  )
  await client.query(`set session_replication_role = replica`)
  for (const { name } of rows) await client.query(`drop index ${name}`)
  await work()
  for (const { definition } of rows) await client.query(definition)
  await client.query(`set session_replication_role = origin`)
}
