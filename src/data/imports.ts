// What imports look up and store, a batch at a time.
import type { Batch } from '#data/database.ts'
import type { StoredMention } from '#data/rows.ts'
import { copyMessagesStatement, toCopyRow } from '#data/sql/copy-messages.ts'
import type { ChannelType } from '#resources/channel.ts'
import type { ImportType } from '#resources/job.ts'
import type { MessageLink } from '#resources/message.ts'

// ---------------------------------------------------------------------------------------- idempotency

/** Those of the keys that an earlier item of this kind had. */
export async function findKeys(
  batch: Batch,
  applicationId: number,
  kind: ImportType,
  keys: string[],
): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const rows = await batch.query(findKeysStatement, [applicationId, kind, keys])
  return new Set(rows.map((row) => row[0] as string))
}

const findKeysStatement = {
  name: 'find-idempotency-keys',
  text: `
    select key from idempotency_key
    where application_id = $1 and kind = $2::job_type and key = any($3::text[])`,
}

export async function insertKeys(
  batch: Batch,
  applicationId: number,
  kind: ImportType,
  keys: string[],
): Promise<void> {
  if (keys.length > 0) await batch.query(insertKeysStatement, [applicationId, kind, keys])
}

const insertKeysStatement = {
  name: 'insert-idempotency-keys',
  text: `
    insert into idempotency_key (application_id, kind, key)
    select $1::bigint, $2::job_type, key from unnest($3::text[]) key`,
}

// ----------------------------------------------------------------------------------------------- users

/** Ids of the living users with these names. */
export async function findUserIds(
  batch: Batch,
  applicationId: number,
  names: string[],
): Promise<Map<string, number>> {
  if (names.length === 0) return new Map()
  const rows = await batch.query(findUserIdsStatement, [applicationId, names])
  return new Map(rows.map((row) => [row[0] as string, row[1] as number]))
}

const findUserIdsStatement = {
  name: 'find-user-ids',
  text: `
    select name, id from "user"
    where application_id = $1 and name = any($2::text[]) and deleted_time is null`,
}

export interface ImportedUser {
  name: string
  displayName: string
  isGuest: boolean
  pictureUrl?: string | undefined
  properties: Record<string, unknown>
}

/** Creates those whose name is free. @returns how many */
export async function insertUsers(
  batch: Batch,
  applicationId: number,
  users: ImportedUser[],
): Promise<number> {
  const rows = await batch.query(insertUsersStatement, [
    applicationId,
    users.map(({ name }) => name),
    users.map(({ displayName }) => displayName),
    users.map(({ isGuest }) => isGuest),
    users.map(({ pictureUrl }) => pictureUrl ?? null),
    users.map(({ properties }) => JSON.stringify(properties)),
  ])
  return rows.length
}

const insertUsersStatement = {
  name: 'insert-users',
  text: `
    insert into "user" (application_id, name, display_name, is_guest, picture_url, properties)
    select $1::bigint, name, display_name, is_guest, picture_url, properties
    from unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::jsonb[])
      with ordinality u (name, display_name, is_guest, picture_url, properties, place)
    order by place
    on conflict (application_id, name) where deleted_time is null do nothing
    returning id`,
}

// -------------------------------------------------------------------------------------------- channels

export interface ImportedChannel {
  type: ChannelType
  name: string
  displayName: string
  memberSet: string | null
  creatorId: number | null
  properties: Record<string, unknown>
}

/**
 * Creates channels with their MAIN threads.
 * @returns by place in the input: the new id, or the type of the channel that has the name or the members already
 */
export async function insertChannels(
  batch: Batch,
  applicationId: number,
  channels: ImportedChannel[],
): Promise<({ id: number } | { existing: ChannelType })[]> {
  const names = channels.map(({ name }) => name)
  const rows = await batch.query(insertChannelsStatement, [
    applicationId,
    channels.map(({ type }) => type),
    names,
    channels.map(({ displayName }) => displayName),
    channels.map(({ memberSet }) => memberSet),
    channels.map(({ creatorId }) => creatorId),
    channels.map(({ properties }) => JSON.stringify(properties)),
  ])
  const created = new Map(rows.map((row) => [row[0] as string, row[1] as number]))
  const existing = await batch.query(existingChannelsStatement, [applicationId, names])
  const types = new Map(existing.map((row) => [row[0] as string, row[1] as ChannelType]))
  return channels.map(({ type, name }) => {
    const id = created.get(name)
    if (id === undefined) return { existing: types.get(name) ?? type }
    created.delete(name) // the next with this name, in the same batch, is a repetition
    return { id }
  })
}

const insertChannelsStatement = {
  name: 'insert-channels',
  text: `
    with created as (
      insert into channel (application_id, type, name, display_name, member_set, creator_id, properties)
      select $1::bigint, type, name, display_name, member_set, creator_id, properties
      from unnest($2::channel_type[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[])
        with ordinality c (type, name, display_name, member_set, creator_id, properties, place)
      order by place
      on conflict do nothing
      returning id, name, type
    ), threads as (
      insert into thread (application_id, channel_id, type) select $1::bigint, id, 'MAIN' from created order by id
      returning id, channel_id
    ), active as (
      insert into channel_activity (channel_id, application_id, last_id)
      select t.channel_id, $1::bigint, t.id from threads t join created c on c.id = t.channel_id
      where c.type = 'PUBLIC'
    )
    select name, id from created`,
}

const existingChannelsStatement = {
  name: 'existing-channels',
  text: `
    select name, type from channel where application_id = $1 and name = any($2::text[])`,
}

/** Whether the channel is a group of the application; kept until the batch ends. */
export async function lockGroupChannel(batch: Batch, applicationId: number, id: number): Promise<boolean> {
  const rows = await batch.query(
    {
      name: 'lock-group-channel',
      text: `select 1 from channel where id = $2 and application_id = $1 and type <> 'DIRECT' for key share`,
    },
    [applicationId, id],
  )
  return rows.length > 0
}

export interface ImportedMember {
  channelId: number
  userId: number
  moderator: boolean
}

/** Makes users members from now on. @returns the channel of each who was none before */
export async function insertImportedMembers(batch: Batch, members: ImportedMember[]): Promise<number[]> {
  if (members.length === 0) return []
  const rows = await batch.query(insertMembersStatement, [
    members.map(({ channelId }) => channelId),
    members.map(({ userId }) => userId),
    members.map(({ moderator }) => moderator),
  ])
  return rows.map((row) => row[0] as number)
}

const insertMembersStatement = {
  name: 'insert-members',
  text: `
    with wanted as materialized (
      select distinct on (channel_id, user_id) * from unnest($1::bigint[], $2::bigint[], $3::boolean[])
        m (channel_id, user_id, moderator)
    ), through as materialized (
      select channel_id, coalesce((select max(m.id) from message m where m.channel_id = c.channel_id), 0) as id
      from (select distinct channel_id from wanted) c
    )
    insert into channel_membership (channel_id, user_id, moderator, joined_through_id)
    select channel_id, user_id, moderator, through.id from wanted join through using (channel_id)
    order by channel_id, user_id
    on conflict do nothing
    returning channel_id`,
}

// -------------------------------------------------------------------------------------------- messages

/** Those of the channels that the application has; none of them is deleted until the batch ends. */
export async function lockChannels(batch: Batch, applicationId: number, ids: number[]): Promise<Set<number>> {
  const rows = await batch.query(lockChannelsStatement, [applicationId, ids])
  return new Set(rows.map((row) => row[0] as number))
}

const lockChannelsStatement = {
  name: 'lock-channels',
  text: `
    select id from channel where application_id = $1 and id = any($2::bigint[]) order by id for key share`,
}

export interface ImportedMessage {
  channelId: number
  /** A system message where absent. */
  userId: number | undefined
  body: string
  groupTag: string | undefined
  mentions: StoredMention[]
  links: MessageLink[]
  properties: Record<string, unknown>
}

/** Stores messages in their order; the channels are locked, so that none of them is refused. */
export async function insertMessages(
  batch: Batch,
  applicationId: number,
  messages: ImportedMessage[],
): Promise<void> {
  if (messages.length === 0) return
  const rows = messages.map((message) =>
    toCopyRow([
      applicationId,
      message.channelId,
      message.userId === undefined ? 'SYSTEM_TEXT' : 'TEXT',
      message.userId,
      message.body,
      message.groupTag,
      message.mentions.length > 0 ? JSON.stringify(message.mentions) : undefined,
      message.links.length > 0 ? JSON.stringify(message.links) : undefined,
      JSON.stringify(message.properties),
    ]),
  )
  await batch.copy(copyMessagesStatement, rows.join(''))
  await batch.query(moveChannelsStatement, [[...new Set(messages.map(({ channelId }) => channelId))]])
}

/** What the dispatcher does for messages that are told; see data/sql/channel-activity.ts. */
const moveChannelsStatement = {
  name: 'move-channels',
  text: `
    update channel_activity a set last_id = newest.id from (
      select channel_id, (select max(m.id) from message m where m.channel_id = b.channel_id) as id
      from channel_activity b where b.channel_id = any($1::bigint[]) order by channel_id for update
    ) newest
    where a.channel_id = newest.channel_id`,
}
