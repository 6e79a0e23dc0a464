// Moved channels with their members and invites.
import { withMainThreads } from '#data/channels/channel-changes.ts'
import { keptAsIn } from '#data/channels/persistence.ts'
import { bool, column, columnsOf, int8, nullable, oneOf, select, text } from '#data/columns.ts'
import { type Querier, reading, type Tx } from '#data/database.ts'
import type { ChannelType } from '#resources/channel.ts'

export interface MovedPlace {
  id: number
  type: ChannelType
  name: string
  displayName: string
  memberSet: string | null
  creatorId: number | null
  properties: Record<string, unknown>
  createdTime: string
}

/** Creates channels with their MAIN threads. @returns the ids of those whose name and member set were free */
export function insertMovedChannels(
  tx: Tx,
  applicationId: number,
  channels: MovedPlace[],
): Promise<number[]> {
  return tx.all(insertStatement, [applicationId, ...cellsOf(channels)])
}

const given = `unnest($2::bigint[], $3::channel_type[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::jsonb[], $9::timestamptz[])`
const named = '(id, type, name, display_name, member_set, creator_id, properties, created_time'

const insertStatement = reading(
  'insert-moved-channels',
  column(int8, 'id'),
  (columns) => `
    with created as (
      insert into channel (id, application_id, type, name, display_name, member_set, creator_id, properties, created_time,
                           messages_persisted)
      select id, $1::bigint, type, name, display_name, member_set, creator_id, properties, created_time,
             ${keptAsIn('$1::bigint')}
      from ${given} with ordinality c ${named}, place)
      order by place
      on conflict do nothing
      returning id, type, created_time
    ), ${withMainThreads}
    select ${columns} from created`,
)

export async function updateMovedChannels(
  tx: Tx,
  applicationId: number,
  channels: MovedPlace[],
): Promise<void> {
  if (channels.length > 0) await tx.run(updateStatement, [applicationId, ...cellsOf(channels)])
}

const updateStatement = {
  name: 'update-moved-channels',
  text: `
    update channel mine set properties = c.properties,
      display_name = case when mine.type = 'DIRECT' then mine.display_name else c.display_name end
    from ${given} c ${named})
    where mine.id = c.id and mine.application_id = $1`,
}

function cellsOf(channels: MovedPlace[]): unknown[][] {
  return [
    channels.map(({ id }) => id),
    channels.map(({ type }) => type),
    channels.map(({ name }) => name),
    channels.map(({ displayName }) => displayName),
    channels.map(({ memberSet }) => memberSet),
    channels.map(({ creatorId }) => creatorId),
    channels.map(({ properties }) => JSON.stringify(properties)),
    channels.map(({ createdTime }) => createdTime),
  ]
}

/** Returns the channels with these names or member sets. */
export function findMovedChannels(
  db: Querier,
  applicationId: number,
  names: string[],
  memberSets: string[],
): Promise<{ id: number; type: ChannelType; name: string; memberSet: string | null }[]> {
  return db.all(findStatement, [applicationId, names, memberSets])
}

const findStatement = reading(
  'find-moved-channels',
  select(columnsOf({ id: int8, type: oneOf<ChannelType>(), name: text, memberSet: nullable(text) }, 'c')),
  (columns) => `
    select ${columns} from channel c
    where c.application_id = $1 and (c.name = any($2::text[]) or c.member_set = any($3::text[]))`,
)

export interface MovedMembership {
  channelId: number
  userId: number
  moderator: boolean
  muted: boolean
  createdTime: string
}

/**
 * Makes users members since the given times, except deleted ones. Messages sent before are not unread to them. Pairs
 * must be distinct.
 * @returns the channel id of each new membership
 */
export async function putMovedMembers(tx: Tx, members: MovedMembership[]): Promise<number[]> {
  if (members.length === 0) return []
  const rows = await tx.all(membersStatement, [
    members.map(({ channelId }) => channelId),
    members.map(({ userId }) => userId),
    members.map(({ moderator }) => moderator),
    members.map(({ muted }) => muted),
    members.map(({ createdTime }) => createdTime),
  ])
  return rows.flatMap(({ channelId, isNew }) => (isNew ? [channelId] : []))
}

// Scans the messages of each channel once, no matter how many users joined it.
const membersStatement = reading(
  'put-moved-members',
  select({ channelId: column(int8, 'mine.channel_id'), isNew: column(bool, 'mine.xmax = 0') }),
  (columns) => `
    with wanted as materialized (
      select * from unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::boolean[], $5::timestamptz[])
        m (channel_id, user_id, moderator, muted, created_time)
    ), living as materialized (
      select id as user_id from "user" where id = any($2::bigint[]) and deleted_time is null
      order by id for share -- who is being deleted joins nothing any more
    ), through as materialized (
      select channel_id, user_id, id from (
        select channel_id, user_id, max(message_id) over (partition by channel_id order by created_time, user_id nulls last) as id
        from (
          select channel_id, user_id, created_time, null::bigint as message_id from wanted
          union all
          select m.channel_id, null, m.created_time, m.id
          from (select distinct channel_id from wanted) c join message m on m.channel_id = c.channel_id
        ) both_kinds
      ) ordered where user_id is not null
    )
    insert into channel_membership as mine (channel_id, user_id, moderator, muted, created_time, joined_through_id)
    select w.channel_id, w.user_id, w.moderator, w.muted, w.created_time, coalesce(t.id, 0)
    from wanted w join living using (user_id)
    left join through t on t.channel_id = w.channel_id and t.user_id = w.user_id
    order by w.channel_id, w.user_id
    on conflict (channel_id, user_id) do update set moderator = excluded.moderator
    returning ${columns}`,
)

/** Invites users to channels; existing invites are kept. Pairs must be distinct. */
export async function putMovedInvites(
  tx: Tx,
  invites: { channelId: number; userId: number; createdTime: string }[],
): Promise<void> {
  if (invites.length === 0) return
  await tx.run(invitesStatement, [
    invites.map(({ channelId }) => channelId),
    invites.map(({ userId }) => userId),
    invites.map(({ createdTime }) => createdTime),
  ])
}

const invitesStatement = {
  name: 'put-moved-invites',
  text: `
    insert into channel_invite (channel_id, invitee_id, created_time)
    select channel_id, invitee_id, created_time
    from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) with ordinality i (channel_id, invitee_id, created_time, place)
    order by place
    on conflict do nothing`,
}
