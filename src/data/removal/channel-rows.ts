// What is in a channel that was deleted, removed a few rows at a time. No statement takes longer than its rows take.
import { bool, column, int4, int8, nullable, select } from '#data/columns.ts'
import { type Querier, reading, type Tx } from '#data/database.ts'
import { counterValue } from '#data/events/counters.ts'
import { shownFilesExpire } from '#data/files.ts'
import { isKeptBy } from '#data/removal/kept-messages.ts'

/** Whether there is more of a channel than one commit should remove: rows, or what functions have kept of it. */
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

/** Removes the deliveries to webhooks and the runs of functions that are about a channel with little in it. */
export async function removeDeliveriesAndRuns(tx: Querier, id: number): Promise<void> {
  for (const text of deliveriesAndRuns) await tx.run({ text }, [id])
}

const deliveriesAndRuns = [
  `delete from webhook_delivery where channel_id = $1 and type <> 'channel.deleted'`,
  `delete from function_run where channel_id = $1 and node is null`,
]

/**
 * Takes a channel out of its application, with its members. A send that was faster is counted; one that is slower finds
 * no channel, but for one that had found it already, which waits for this.
 * @returns how many messages and members it had; undefined where the application has no such channel
 */
export async function closeChannel(
  tx: Tx,
  applicationId: number,
  id: number,
): Promise<{ messages: number; members: number } | undefined> {
  if ((await tx.run(lockStatement, [applicationId, id])) === 0) return undefined
  const messages = await tx.single(countStatement, [id])
  await tx.run(closeStatement, [id])
  const members = await tx.run({ text: 'delete from channel_membership where channel_id = $1' }, [id])
  return { messages, members }
}

const lockStatement = { text: 'select from channel where id = $2 and application_id = $1 for update' }
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

/** @returns how many messages went, and how many of them were counted: not those that had been withdrawn before */
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

/** What else grows in a channel; each removes up to so many ($2) and is asked until it finds none. */
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
  // What is delivered to webhooks of its end stays.
  `delete from webhook_delivery where id = any(array(
     select id from webhook_delivery where channel_id = $1 and type <> 'channel.deleted' limit $2::int))`,
  // It holds what waits, which is little.
  `delete from function_run where channel_id = $1 and node is null`,
].map((text) => ({ text }))

/** How many kinds of rows there are besides messages. */
export const kindsInChannels = growing.length

/** @returns how many rows of the kind went */
export function removeKindOf(tx: Querier, kind: number, channelId: number, limit: number): Promise<number> {
  const { text } = growing[kind] as { text: string }
  return tx.run({ text }, text.includes('$2') ? [channelId, limit] : [channelId])
}

/** The end of an empty channel; what a straggler left goes with it. */
export async function deleteRemovedChannel(tx: Querier, id: number): Promise<void> {
  for (const text of endTexts) await tx.run({ text }, [id])
}

const endTexts = [
  `delete from counter where scope like 'channel.%' and scope_id = $1`,
  'delete from channel where id = $1 and application_id is null',
]

/** Keeps a removed channel so until the transaction ends. False where it is gone, or in its world again, as that was. */
export async function lockRemovedChannel(tx: Tx, id: number): Promise<boolean> {
  return (await tx.run(lockRemovedStatement, [id])) > 0
}

const lockRemovedStatement = {
  text: 'select from channel where id = $1 and application_id is null for update',
}

/** Removed channels that no job is about any more: of a restored dump, or of an application that is gone. */
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

// ------------------------------------------------------------------------------------ kept of functions

/** A page of what functions kept, and of it what names a channel, a user or messages that are gone. */
const namesChannel = (args: string) =>
  `jsonb_path_exists(${args}, '$.** ? (@.channelId == $id || @.channel.id == $id)', jsonb_build_object('id', $2::bigint))`

/** Empties invocations that were given something of a channel, some at a time. @returns where to go on, if anywhere */
export async function emptyInvocationsOfChannel(
  tx: Querier,
  {
    applicationId,
    channelId,
    after,
    limit,
  }: { applicationId: number; channelId: number; after: number; limit: number },
): Promise<number | undefined> {
  const { last, size } = await tx.single(invocationsStatement, [applicationId, channelId, after, limit])
  return last === null || size < limit ? undefined : last
}

const invocationsStatement = reading(
  'empty-invocations-of-channel',
  select({
    last: column(nullable(int8), '(select max(id) from page)'),
    size: column(int4, '(select count(*)::int from page)'),
  }),
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
