// Removes the contents of a deleted channel a few rows at a time, so that no statement takes long.
import { deleteMembersStatement, lockWholeStatement } from '#data/channels/channel-changes.ts'
import { bool, column, int4, int8, select } from '#data/columns.ts'
import { type Querier, reading, type Tx } from '#data/database.ts'
import { counterValue } from '#data/events/counters.ts'
import { shownFilesExpire } from '#data/files.ts'
import { nextAfter, pageColumns } from '#data/keyset.ts'
import { isKeptBy } from '#data/removal/kept-messages.ts'

/** Returns whether a channel has more than one commit should remove: rows, or invocations that may contain its data. */
export async function isLargeChannel(
  db: Querier,
  applicationId: number,
  id: number,
  limit: number,
): Promise<boolean> {
  return db.single(isLargeStatement, [id, limit, applicationId])
}

const isLargeStatement = reading(
  'is-large-channel',
  column(
    bool,
    `(select count(*) from (select from message where channel_id = $1 limit $2::int + 1) m) > $2
     or (select count(*) from (select from read_span where channel_id = $1 limit $2::int + 1) s) > $2
     or exists (
       select from function_invocation i
       where i.function_id = any(array(select f.id from "function" f where f.application_id = $3)))`,
  ),
  (columns) => `select ${columns}`,
)

/** Deletes the webhook deliveries and the waiting function runs of a small channel. */
export async function removeDeliveriesAndRuns(tx: Querier, id: number): Promise<void> {
  for (const text of deliveriesAndRuns) await tx.run({ text }, [id])
}

const deliveriesAndRuns = [
  `delete from webhook_delivery where channel_id = $1 and type <> 'channel.deleted'`,
  `delete from function_run where channel_id = $1 and node is null`,
]

/**
 * Takes a channel out of its application and deletes its memberships. Sends that committed before are counted. Later
 * ones find no channel, except one that had already found it, which waits for the row lock.
 * @returns the numbers of messages and members; undefined if the application has no such channel
 */
export async function closeChannel(
  tx: Tx,
  applicationId: number,
  id: number,
): Promise<{ messages: number; members: number } | undefined> {
  if ((await tx.run(lockWholeStatement, [applicationId, id])) === 0) return undefined
  const messages = await tx.single(countStatement, [id])
  await tx.run(closeStatement, [id])
  const members = await tx.run(deleteMembersStatement, [id])
  return { messages, members }
}

const countStatement = reading(
  'count-messages-of-channel',
  column(int8, counterValue('channel.messages', '$1')),
  (columns) => `select ${columns}`,
)
const closeStatement = {
  text: `
    with inactive as (delete from channel_activity where channel_id = $1)
    update channel set application_id = null, removed_from = application_id where id = $1`,
}

/** @returns how many messages were deleted, and how many of them were counted, being not yet withdrawn */
export function removeMessagesOf(
  tx: Querier,
  channelId: number,
  limit: number,
): Promise<{ gone: number; counted: number }> {
  return tx.single(messagesStatement, [channelId, limit])
}

const messagesStatement = reading(
  'remove-messages-of-channel',
  select({
    gone: column(int4, 'count(gone.id)::int'),
    counted: column(int4, `(count(*) filter (where ${isKeptBy('c', 'gone')}))::int`),
  }),
  (columns) => `
    with gone as (
      delete from message where id = any(array(
        select id from message where channel_id = $1 order by id limit $2::int
      )) returning id, file
    ), expired as (${shownFilesExpire('gone')})
    select ${columns} from gone left join channel c on c.id = $1`,
)

/** Other rows that may be numerous. Each statement removes up to $2 and is repeated until it finds none. */
const growing = [
  `delete from read_span where id = any(array(select id from read_span where channel_id = $1 limit $2::int))`,
  `delete from chat_session where id = any(array(select id from chat_session where channel_id = $1 limit $2::int))`,
  `delete from notification where id = any(array(
     select id from notification where mentioned_channel_id = $1 limit $2::int))`,
  `with gone as (
     delete from thread where id = any(array(select id from thread where channel_id = $1 limit $2::int)) returning id
   ), uncounted as (
     delete from counter where scope like 'thread.%' and scope_id = any(array(select id from gone))
   )
   select id from gone`,
  // The delivery that announces the deletion of the channel is kept.
  `delete from webhook_delivery where id = any(array(
     select id from webhook_delivery where channel_id = $1 and type <> 'channel.deleted' limit $2::int))`,
  // The table only holds waiting runs, which are few.
  `delete from function_run where channel_id = $1 and node is null`,
].map((text) => ({ text }))

/** The number of kinds of rows other than messages. */
export const kindsInChannels = growing.length

/** @returns how many rows of the kind were deleted */
export function removeKindOf(tx: Querier, kind: number, channelId: number, limit: number): Promise<number> {
  const { text } = growing[kind] as { text: string }
  return tx.run({ text }, text.includes('$2') ? [channelId, limit] : [channelId])
}

/** Deletes an emptied channel; rows that a late transaction added are deleted by cascade. */
export async function deleteRemovedChannel(tx: Querier, id: number): Promise<void> {
  for (const text of endTexts) await tx.run({ text }, [id])
}

const endTexts = [
  `delete from counter where scope like 'channel.%' and scope_id = $1`,
  'delete from channel where id = $1 and application_id is null',
]

/** Locks a removed channel until the transaction ends. Returns false if it is gone or its world was restored. */
export async function lockRemovedChannel(tx: Tx, id: number): Promise<boolean> {
  return (await tx.run(lockRemovedStatement, [id])) > 0
}

const lockRemovedStatement = {
  text: 'select from channel where id = $1 and application_id is null for update',
}

/** Returns removed channels without an unfinished job, such as those of a restored dump or a deleted application. */
export function findStrayChannels(db: Querier, limit: number): Promise<number[]> {
  return db.all(strayStatement, [limit])
}

const strayStatement = reading(
  'find-stray-channels',
  column(int8, 'c.id'),
  (columns) => `
    select ${columns} from channel c where c.application_id is null and not exists (
      select from job j where j.type = 'CHANNEL_DELETION' and j.state in ('PENDING', 'RUNNING')
        and (j.input ->> 'channelId')::bigint = c.id
    ) limit $1::int`,
)

// -------------------------------------------------------------------------------------- invocations

/** SQL text: whether the arguments of an invocation contain the channel $2. */
const namesChannel = (args: string) =>
  `jsonb_path_exists(${args}, '$.** ? (@.channelId == $id || @.channel.id == $id)', jsonb_build_object('id', $2::bigint))`

/** Clears a page of invocations whose arguments contain a channel. @returns the id to continue after, if any */
export async function emptyInvocationsOfChannel(
  tx: Querier,
  {
    applicationId,
    channelId,
    after,
    limit,
  }: { applicationId: number; channelId: number; after: number; limit: number },
): Promise<number | undefined> {
  return nextAfter(await tx.single(invocationsStatement, [applicationId, channelId, after, limit]), limit)
}

const invocationsStatement = reading(
  'empty-invocations-of-channel',
  select(pageColumns),
  (columns) => `
    with page as materialized (
      select i.id, i.args from function_invocation i
      where i.function_id = any(array(select f.id from "function" f where f.application_id = $1)) and i.id > $3
      order by i.id limit $4::int
    ), emptied as (
      update function_invocation i set args = '{}', result = '{}', logs = '[]'
      from page where i.id = page.id and ${namesChannel('page.args')} and i.status <> 'RUNNING'
    )
    select ${columns}`,
)
