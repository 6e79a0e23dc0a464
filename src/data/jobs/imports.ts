// Lookups and inserts of imports, one batch at a time.
import { createHash } from 'node:crypto'
import { withMainThreads } from '#data/channels/channel-changes.ts'
import { keptAsIn } from '#data/channels/persistence.ts'
import { column, columnsOf, int8, oneOf, select, text } from '#data/columns.ts'
import { type Querier, reading, type Tx } from '#data/database.ts'
import type { StoredMention } from '#data/rows.ts'
import { copyMessagesStatement, toCopyRow } from '#data/sql/copy-messages.ts'
import type { ChannelType } from '#resources/channel.ts'
import type { ImportType } from '#resources/job.ts'
import type { MessageLink } from '#resources/message.ts'

const filledBy: Record<ImportType, string> = {
  USER_IMPORT: '"user"',
  CHANNEL_IMPORT: 'channel, channel_activity, thread',
  CHANNEL_MEMBERS_IMPORT: 'channel_membership',
  MESSAGE_IMPORT: 'message',
}

/** Updates the planner's statistics of the tables that an import fills; for empty tables it chooses bad plans. */
export async function refreshStatistics(db: Querier, type: ImportType): Promise<void> {
  await db.run({ text: `analyze ${filledBy[type]}` }, [])
}

// ---------------------------------------------------------------------------------------- idempotency

/** Returns what is left of a key that named an erased person: enough to recognize it, but without the name. */
export function erasedKey(key: string): string {
  return `#${createHash('sha256').update(key).digest('hex')}`
}

/** Returns those of the keys that an earlier item of this kind already used. */
export async function findKeys(
  tx: Tx,
  applicationId: number,
  kind: ImportType,
  keys: string[],
): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const given = new Map(keys.flatMap((key) => [[key, key] as const, [erasedKey(key), key] as const]))
  const found = await tx.all(findKeysStatement, [applicationId, kind, [...given.keys()]])
  return new Set(found.flatMap((key) => given.get(key) ?? []))
}

const findKeysStatement = reading(
  'find-idempotency-keys',
  column(text, 'key'),
  (columns) => `
    select ${columns} from idempotency_key
    where application_id = $1 and kind = $2::job_type and key = any($3::text[])`,
)

export async function insertKeys(
  tx: Tx,
  applicationId: number,
  kind: ImportType,
  keys: string[],
): Promise<void> {
  if (keys.length > 0) await tx.run(insertKeysStatement, [applicationId, kind, keys])
}

const insertKeysStatement = {
  name: 'insert-idempotency-keys',
  text: `
    insert into idempotency_key (application_id, kind, key)
    select $1::bigint, $2::job_type, key from unnest($3::text[]) key`,
}

// ----------------------------------------------------------------------------------------------- users

/** Returns the ids of users with these names who are not deleted, by name. */
export async function findUserIds(
  tx: Tx,
  applicationId: number,
  names: string[],
): Promise<Map<string, number>> {
  if (names.length === 0) return new Map()
  const found = await tx.all(findUserIdsStatement, [applicationId, names])
  return new Map(found.map(({ name, id }) => [name, id]))
}

const findUserIdsStatement = reading(
  'find-user-ids',
  select(columnsOf({ name: text, id: int8 }, 'u')),
  (columns) => `
    select ${columns} from "user" u
    where u.application_id = $1 and u.name = any($2::text[]) and u.deleted_time is null`,
)

export interface ImportedUser {
  name: string
  displayName: string
  isGuest: boolean
  pictureUrl?: string | undefined
  properties: Record<string, unknown>
}

/** Creates the users whose names are free. @returns how many */
export function insertUsers(tx: Tx, applicationId: number, users: ImportedUser[]): Promise<number> {
  return tx.run(insertUsersStatement, [
    applicationId,
    users.map(({ name }) => name),
    users.map(({ displayName }) => displayName),
    users.map(({ isGuest }) => isGuest),
    users.map(({ pictureUrl }) => pictureUrl ?? null),
    users.map(({ properties }) => JSON.stringify(properties)),
  ])
}

const insertUsersStatement = {
  name: 'insert-users',
  text: `
    insert into "user" (application_id, name, display_name, is_guest, picture_url, properties)
    select $1::bigint, name, display_name, is_guest, picture_url, properties
    from unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::jsonb[])
      with ordinality u (name, display_name, is_guest, picture_url, properties, place)
    order by place
    on conflict (application_id, name) where deleted_time is null do nothing`,
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
 * @returns per input, in order: the new id, or the type of the channel that already has the name or the members
 */
export async function insertChannels(
  tx: Tx,
  applicationId: number,
  channels: ImportedChannel[],
): Promise<({ id: number } | { existing: ChannelType })[]> {
  const names = channels.map(({ name }) => name)
  const inserted = await tx.all(insertChannelsStatement, [
    applicationId,
    channels.map(({ type }) => type),
    names,
    channels.map(({ displayName }) => displayName),
    channels.map(({ memberSet }) => memberSet),
    channels.map(({ creatorId }) => creatorId),
    channels.map(({ properties }) => JSON.stringify(properties)),
  ])
  const created = new Map(inserted.map(({ name, id }) => [name, id]))
  const existing = await tx.all(existingChannelsStatement, [applicationId, names])
  const types = new Map(existing.map(({ name, type }) => [name, type]))
  return channels.map(({ type, name }) => {
    const id = created.get(name)
    if (id === undefined) return { existing: types.get(name) ?? type }
    created.delete(name) // another item with this name in the same batch is a duplicate
    return { id }
  })
}

const insertChannelsStatement = reading(
  'insert-channels',
  select(columnsOf({ name: text, id: int8 }, 'created')),
  (columns) => `
    with created as (
      insert into channel
        (application_id, type, name, display_name, member_set, creator_id, properties, messages_persisted)
      select $1::bigint, type, name, display_name, member_set, creator_id, properties, ${keptAsIn('$1::bigint')}
      from unnest($2::channel_type[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[])
        with ordinality c (type, name, display_name, member_set, creator_id, properties, place)
      order by place
      on conflict do nothing
      returning id, name, type, created_time
    ), ${withMainThreads}
    select ${columns} from created`,
)

const existingChannelsStatement = reading(
  'existing-channels',
  select(columnsOf({ name: text, type: oneOf<ChannelType>() }, 'c')),
  (columns) => `select ${columns} from channel c where c.application_id = $1 and c.name = any($2::text[])`,
)

/** Returns the ids of the channels with these names, by name. */
export async function findChannelIds(
  db: Querier,
  applicationId: number,
  names: string[],
): Promise<Map<string, number>> {
  if (names.length === 0) return new Map()
  const found = await db.all(findChannelIdsStatement, [applicationId, names])
  return new Map(found.map(({ name, id }) => [name, id]))
}

const findChannelIdsStatement = reading(
  'find-channel-ids',
  select(columnsOf({ name: text, id: int8 }, 'c')),
  (columns) => `select ${columns} from channel c where c.application_id = $1 and c.name = any($2::text[])`,
)

/** Returns whether it is a group channel of the application; if so, prevents its deletion in this transaction. */
export async function lockGroupChannel(tx: Tx, applicationId: number, id: number): Promise<boolean> {
  return (await tx.run(lockGroupStatement, [applicationId, id])) > 0
}

const lockGroupStatement = {
  name: 'lock-group-channel',
  text: `select from channel where id = $2 and application_id = $1 and type <> 'DIRECT' for key share`,
}

export interface ImportedMember {
  channelId: number
  userId: number
  moderator: boolean
}

/** Makes users members from now on, except those being deleted. @returns the channel id of each new membership */
export async function insertImportedMembers(tx: Tx, members: ImportedMember[]): Promise<number[]> {
  if (members.length === 0) return []
  return tx.all(insertMembersStatement, [
    members.map(({ channelId }) => channelId),
    members.map(({ userId }) => userId),
    members.map(({ moderator }) => moderator),
  ])
}

const insertMembersStatement = reading(
  'insert-members',
  column(int8, 'channel_id'),
  (columns) => `
    with wanted as materialized (
      select distinct on (channel_id, user_id) * from unnest($1::bigint[], $2::bigint[], $3::boolean[])
        m (channel_id, user_id, moderator)
    ), living as materialized (
      select id as user_id from "user" where id = any($2::bigint[]) and deleted_time is null
      order by id for share -- who is being deleted joins nothing any more
    ), through as materialized (
      select channel_id, coalesce((select max(m.id) from message m where m.channel_id = c.channel_id), 0) as id
      from (select distinct channel_id from wanted) c
    )
    insert into channel_membership (channel_id, user_id, moderator, joined_through_id)
    select channel_id, user_id, moderator, through.id
    from wanted join living using (user_id) join through using (channel_id)
    order by channel_id, user_id
    on conflict do nothing
    returning ${columns}`,
)

// -------------------------------------------------------------------------------------------- messages

/** Returns which ids are the application's channels, and prevents their deletion until the transaction ends. */
export async function lockChannels(tx: Tx, applicationId: number, ids: number[]): Promise<Set<number>> {
  return new Set(await tx.all(lockChannelsStatement, [applicationId, ids]))
}

const lockChannelsStatement = reading(
  'lock-channels',
  column(int8, 'id'),
  (columns) => `
    select ${columns} from channel where application_id = $1 and id = any($2::bigint[]) order by id for key share`,
)

export interface ImportedMessage {
  channelId: number
  /** Undefined for a system message. */
  userId: number | undefined
  body: string
  groupTag: string | undefined
  mentions: StoredMention[]
  links: MessageLink[]
  properties: Record<string, unknown>
}

/** Stores messages in order. Their channels must be locked, so that no foreign key is violated. */
export async function insertMessages(
  tx: Tx,
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
  await tx.copy(copyMessagesStatement, rows.join(''))
  await moveChannels(
    tx,
    messages.map(({ channelId }) => channelId),
  )
}

/** Updates the activity of channels as the dispatcher does for published messages: data/sql/channel-activity.ts. */
export async function moveChannels(tx: Tx, channelIds: number[]): Promise<void> {
  await tx.run(moveChannelsStatement, [[...new Set(channelIds)]])
}

const moveChannelsStatement = {
  name: 'move-channels',
  text: `
    update channel_activity a set last_id = newest.id from (
      select channel_id, (select max(m.id) from message m where m.channel_id = b.channel_id) as id
      from channel_activity b where b.channel_id = any($1::bigint[]) order by channel_id for update
    ) newest
    where a.channel_id = newest.channel_id`,
}
