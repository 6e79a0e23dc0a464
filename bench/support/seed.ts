// Fills a database as normal use would: users, channels without members, messages, and the counters that the dispatcher
// maintains. Without members nobody is notified, which is not part of the cost of a send.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { counterMoves } from '#data/events/counters.ts'
import { toCopyRow } from '#data/sql/copy-messages.ts'
import type { EventType } from '#resources/events.ts'

export interface Contents {
  messages: number
  /** The number of channels with messages, besides the hot channel, which has half of all messages. */
  spread: number
  /** Whether all users are members of the hot channel; some have read much and some nothing. */
  members?: boolean
  users?: number
  /** Includes the hot channel. */
  channels?: number
}

/** The ids of what was created. */
export interface World {
  applicationId: number
  /** All except the hot one. */
  channels: number[]
  /** The channels with messages. */
  filled: number[]
  hot: number
  users: number[]
  usernames: string[]
  /** The first and the last message id of the hot channel. */
  hotFrom: number
  hotThrough: number
}

const hotName = 'zz-hot'

/** Fills the first application of an otherwise empty database. */
export async function seed(
  url: string,
  { messages, spread, members = false, users: usersCount = 1_000, channels: channelsCount = 1_001 }: Contents,
): Promise<World> {
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
      pipeline(
        Readable.from(messageRows({ applicationId, messages, hot, filled, userIds: userIds.slice(0, -1) })),
        client.query(copyFrom(copyMessages)),
      ),
    )
    for (const statement of insertCounters) await client.query(statement)
    if (members) await insertReaders(client, hot, userIds)
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
  select $1, 'PUBLIC', case i when 1 then $3 else 'channel-' || lpad(i::text, greatest(4, length(i::text)), '0') end, 'Channel ' || i,
         ($4::bigint[])[1 + i % cardinality($4)], jsonb_build_object('topic', 'number ' || i)
  from generate_series(1, $2::int) i
  returning id`

const insertThreads = `
  insert into thread (application_id, channel_id, type) select application_id, id, 'MAIN' from channel`

const copyMessages = `
  copy message (application_id, channel_id, type, user_id, body, properties, created_time) from stdin`

/** A word in a few messages of the hot channel, whatever its size. */
export const rareWord = 'zanzibar'
/** A word in half of all messages. */
export const frequentWord = 'coffee'
const rareMessages = 40

interface Sent {
  applicationId: number
  messages: number
  hot: number
  filled: number[]
  userIds: number[]
}

/** Yields messages, one per second up to now; every second one is in the hot channel, the others in turn. */
function* messageRows({ applicationId, messages, hot, filled, userIds }: Sent): Generator<string> {
  const said = phrases()
  const began = Date.now() - messages * 1000
  const rareEvery = 2 * Math.max(1, Math.floor(messages / 2 / rareMessages))
  let chunk = ''
  for (let i = 1; i <= messages; i++) {
    const channelId = i % 2 === 0 ? hot : filled[(i >> 1) % filled.length]
    const phrase = [i % 64, (i >> 6) % 64, (i >> 12) % 64].map((at) => said[at]).join(' ')
    const body = i % rareEvery === 0 ? `${phrase} ${rareWord}` : phrase
    const properties = `{"nth": ${i}, "client": "bench"}`
    const time = new Date(began + i * 1000).toISOString()
    const userId = userIds[i % userIds.length]
    chunk += toCopyRow([applicationId, channelId, 'TEXT', userId, body, properties, time])
    if (chunk.length < 65_536) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

/** Adds members to the hot channel: the last one, who never wrote, has read nothing, others all but the newest ten. */
async function insertReaders(client: pg.Client, hot: number, userIds: number[]): Promise<void> {
  await client.query('insert into channel_membership (channel_id, user_id) select $1, unnest($2::bigint[])', [
    hot,
    userIds,
  ])
  await client.query(
    `with read as (
       update channel_membership cm set read_through_id = (
         select id from message where channel_id = $1 order by id desc offset 10 limit 1)
       where cm.channel_id = $1 and cm.user_id <> $2 returning cm.user_id, cm.read_through_id
     )
     insert into read_span (channel_id, user_id, from_id, through_id)
     select $1, read.user_id, (select min(id) from message where channel_id = $1), read.read_through_id from read`,
    [hot, userIds.at(-1)],
  )
  await client.query(
    `insert into counter (scope, scope_id, value)
     select 'channel.members', channel_id, count(*) from channel_membership group by 2`,
  )
}

/** Returns phrases of real words, because random letters would strain the trigram index more than any language. */
function phrases(): string[] {
  const words =
    'hey did you see the train at seven I will bring coffee and bread for us all tomorrow if rain stops before noon'
  const list = words.split(' ')
  const word = (at: number) => list[at % list.length]
  return Array.from({ length: 64 }, (_, i) =>
    [0, 1, 2, 3, 4].map((j) => word(i * 7 + j * 11 + i * j)).join(' '),
  )
}

/** Tables whose rows the dispatcher would have counted, had each row come with its event. */
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

/** A million rows load twice as fast if indexes are built afterwards and foreign keys are not checked. */
async function withoutIndexes(client: pg.Client, work: () => Promise<unknown>): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
     where tablename = 'message' and indexname <> 'message_pkey'`,
  )
  await client.query(`set session_replication_role = replica; set maintenance_work_mem = '1GB'`)
  for (const { name } of rows) await client.query(`drop index ${name}`)
  await work()
  for (const { definition } of rows) await client.query(definition)
  await client.query(`set session_replication_role = origin`)
}
