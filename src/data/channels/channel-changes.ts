// Creating, updating and deleting channels.
import { keptAsIn } from '#data/channels/persistence.ts'
import { column, columnsOf, int8, select } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { deleteMessagesOfChannel } from '#data/messages/messages.ts'
import { channelShape } from '#data/rows.ts'
import type { ChannelType } from '#resources/channel.ts'
import type { User } from '#resources/user.ts'

export interface NewChannel {
  type: ChannelType
  name: string
  displayName: string
  /** The members of a direct channel, as returned by {@link memberSetOf}. */
  memberSet?: string
  creator?: User
  properties: Record<string, unknown>
}

/** Returns a text that identifies a set of users: their ids in ascending order. */
export function memberSetOf(users: Pick<User, 'id'>[]): string {
  return users
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join(',')
}

/**
 * SQL text: CTEs with what the new channels of application $1 in the CTE `created` (`id`, `type`, `created_time`) get:
 * a MAIN thread and, if they are PUBLIC, their activity.
 */
export const withMainThreads = `
    threads as (
      insert into thread (application_id, channel_id, type, created_time)
      select $1::bigint, id, 'MAIN', created_time from created order by id
      returning id, channel_id
    ), active as (
      insert into channel_activity (channel_id, application_id, last_id)
      select t.channel_id, $1::bigint, t.id from threads t join created c on c.id = t.channel_id
      where c.type = 'PUBLIC'
    )`

/** Inserts a channel and its MAIN thread. Returns its id, or undefined if its name or member set is taken. */
export async function insertChannel(
  tx: Tx,
  applicationId: number,
  channel: NewChannel,
): Promise<number | undefined> {
  return tx.one(insertStatement, [
    applicationId,
    channel.type,
    channel.name,
    channel.displayName,
    channel.memberSet,
    channel.creator?.id,
    JSON.stringify(channel.properties),
  ])
}

const insertStatement = reading(
  'insert-channel',
  column(int8, 'id'),
  (columns) => `
    with created as (
      insert into channel
        (application_id, type, name, display_name, member_set, creator_id, properties, messages_persisted)
      values ($1, $2, $3, $4, $5, $6, $7::jsonb, ${keptAsIn('$1')})
      on conflict do nothing returning id, type, created_time
    ), ${withMainThreads}
    select ${columns} from created`,
)

/** Returns the channel with the same member set, or, for a channel that is not direct, with the same name. */
export async function findEquivalentChannel(
  db: Db,
  applicationId: number,
  { name, memberSet }: Pick<NewChannel, 'name' | 'memberSet'>,
) {
  const row = await db.prisma.channel.findFirst({
    where: { applicationId, ...(memberSet === undefined ? { name } : { memberSet }) },
    select: { id: true, type: true, creatorId: true },
  })
  return (
    row && {
      id: Number(row.id),
      type: row.type,
      creatorId: row.creatorId === null ? undefined : Number(row.creatorId),
    }
  )
}

/** Returns the type and properties of a channel and locks its row until the transaction ends. */
export function lockChannelProperties(tx: Tx, applicationId: number, id: number) {
  return tx.one(lockStatement, [applicationId, id])
}

const { type, properties } = channelShape
const lockStatement = reading(
  'lock-channel-properties',
  select(columnsOf({ type, properties }, 'c')),
  (columns) => `
    select ${columns} from channel c where c.id = $2 and c.application_id = $1 for no key update`,
)

export async function updateChannelRow(
  tx: Tx,
  id: number,
  {
    name,
    displayName,
    properties,
  }: { name?: string; displayName?: string; properties?: Record<string, unknown> },
): Promise<void> {
  await tx.run(updateStatement, [id, name, displayName, properties && JSON.stringify(properties)])
}

const updateStatement = {
  name: 'update-channel',
  text: `
    update channel set
      name = coalesce($2, name), display_name = coalesce($3, display_name),
      properties = coalesce($4::jsonb, properties)
    where id = $1`,
}

/**
 * Deletes a channel with everything in it.
 * @returns the numbers of deleted messages and members, or undefined if there is no such channel
 */
export async function deleteChannelRow(
  tx: Tx,
  applicationId: number,
  id: number,
): Promise<{ messages: number; members: number } | undefined> {
  // The lock comes first: a send that committed before is counted, and a later one finds no channel.
  if ((await tx.run(lockWholeStatement, [applicationId, id])) === 0) return undefined
  const messages = await deleteMessagesOfChannel(tx, id)
  const members = await tx.run(deleteMembersStatement, [id])
  await tx.run(deleteStatement, [id])
  return { messages, members }
}

export const lockWholeStatement = {
  name: 'lock-channel',
  text: 'select from channel where id = $2 and application_id = $1 for update',
}
export const deleteMembersStatement = {
  name: 'delete-members-of-channel',
  text: 'delete from channel_membership where channel_id = $1',
}
const deleteStatement = { name: 'delete-channel', text: 'delete from channel where id = $1' }
