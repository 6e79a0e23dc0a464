// Users and the channels they are members of. All are online from the start unless disabled: otherwise each connect
// would be published to everyone already connected, which is not what is measured.
import pg from 'pg'
import type { Account } from '../sockets/stomp.ts'

/** The members are `members` consecutive users, starting with number `from`. */
export interface SeededChannel {
  from: number
  members: number
}

export interface Members {
  apiKey: string
  accounts: Account[]
  channels: number[]
}

/** Fills the first application of an otherwise empty database. */
export async function seedMembers(
  url: string,
  { users, channels, online = true }: { users: number; channels: SeededChannel[]; online?: boolean },
): Promise<Members> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const [application] = (await client.query('select id, key from application order by id limit 1')).rows
    const inserted = (await client.query(insertUsers, [application.id, users, online])).rows
    const ids = inserted.map(({ id }) => Number(id))
    const channelIds: number[] = []
    for (const [nth, { from, members }] of channels.entries()) {
      const [{ id }] = (await client.query(insertChannel, [application.id, `channel-${nth}`])).rows
      await client.query(insertThread, [application.id, id])
      await client.query(insertMembers, [id, ids.slice(from, from + members)])
      channelIds.push(Number(id))
    }
    // Not of empty tables: statements would be planned as if they stayed empty.
    await client.query('vacuum (analyze) "user", channel, thread, channel_membership')
    const accounts = ids.map((userId, at) => ({ userId, username: `user-${at + 1}` }))
    return { apiKey: application.key, accounts, channels: channelIds }
  } finally {
    await client.end()
  }
}

const insertUsers = `
  insert into "user" (application_id, name, display_name, presence_online, presence_status, properties)
  select $1, 'user-' || i, 'User ' || i, $3, case when $3 then 'AVAILABLE' else 'UNAVAILABLE' end, jsonb_build_object('team', i % 7, 'city', 'Kampala')
  from generate_series(1, $2::int) i
  returning id`

const insertChannel = `
  insert into channel (application_id, type, name, display_name) values ($1, 'PUBLIC', $2, $2) returning id`

const insertThread = `insert into thread (application_id, channel_id, type) values ($1, $2, 'MAIN')`

const insertMembers = `insert into channel_membership (channel_id, user_id) select $1, unnest($2::bigint[])`
