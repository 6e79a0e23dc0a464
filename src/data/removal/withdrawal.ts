// Withdraws messages, that is, hides them and subtracts them from the counters in one commit (see kept-messages.ts),
// and deletes withdrawn messages. Channels are locked before anything is counted. Deleting a single message shares that
// lock, so that none is subtracted twice. Sends do not wait for it. Indexes: message (channel_id, id, user_id),
// message_file, (application_id, id).
import { noteActivityOf } from '#data/channels/activity.ts'
import { column, int4, int8, jsonb, nullable, select } from '#data/columns.ts'
import { type Querier, reading } from '#data/database.ts'
import { shownFilesExpire } from '#data/files.ts'
import { nextAfter, pageColumns } from '#data/keyset.ts'
import { withdrawnThrough } from '#data/removal/kept-messages.ts'
import { type AgedInput, channelsMax, keptSince, pageOfChannels, since } from '#data/removal/retention.ts'

/** The thread in which messages were withdrawn or deleted, and how many of them were counted. */
export interface Withdrawn {
  channelId: number
  threadId: number | null
  count: number
}

const withdrawnColumns = select({
  channelId: column(int8, 'w.channel_id'),
  threadId: column(nullable(int8), 'w.thread_id'),
  count: column(int8, 'count(*)'),
})

/**
 * Raises the ids up to which messages of channels are withdrawn, and counts the withdrawn messages.
 * @param floors SQL for channels: `id`, the present values (`removed_through_id`, `files_removed_through_id`), and the
 * new ones (`through_id`, `files_through_id`)
 */
const withdrawing = (floors: string) => `
  with floors as materialized (${floors}), moved as (
    update channel c set removed_through_id = f.through_id, files_removed_through_id = f.files_through_id
    from floors f where c.id = f.id
  )
  select ${withdrawnColumns.text} from (
    select m.channel_id, m.thread_id from floors f cross join lateral (
      select m.channel_id, m.thread_id from message m
      where m.channel_id = f.id and m.id > f.removed_through_id and m.id <= f.through_id
        and (m.file is null or m.id > f.files_removed_through_id)
      union all
      select m.channel_id, m.thread_id from message m
      where m.channel_id = f.id and m.file is not null
        and m.id > greatest(f.through_id, f.files_removed_through_id) and m.id <= f.files_through_id
    ) m
  ) w group by 1, 2`

/** Withdraws all messages of an application up to an id below which no message can still be inserted. */
export async function withdrawAll(
  tx: Querier,
  applicationId: number,
  throughId: number,
): Promise<Withdrawn[]> {
  await tx.run(lockAllStatement, [applicationId, throughId])
  return tx.all(withdrawAllStatement, [applicationId, throughId])
}

const channelsWithSome = `
  from channel c where c.application_id = $1 and exists (
    select from message m where m.channel_id = c.id and m.id > c.removed_through_id and m.id <= $2)`
const lockAllStatement = { text: `select ${channelsWithSome} order by c.id for no key update of c` }
const withdrawAllStatement = {
  columns: withdrawnColumns,
  text: withdrawing(`
    select c.id, c.removed_through_id, c.files_removed_through_id, $2::bigint as through_id,
           greatest(c.files_removed_through_id, $2) as files_through_id
    ${channelsWithSome}`),
}

/** Withdraws expired messages in a page of channels after an id. @returns the id to continue after, if any */
export async function withdrawAgedPage(
  tx: Querier,
  { applicationId, retention, after }: Omit<AgedInput, 'limit'>,
): Promise<{ withdrawn: Withdrawn[]; next: number | undefined }> {
  const values = [applicationId, JSON.stringify(retention)]
  const page = await tx.single(agedChannelsStatement, [...values, after, channelsMax])
  const next = nextAfter(page, channelsMax)
  if (page.ids.length === 0) return { withdrawn: [], next }
  await tx.run(lockChannelsStatement, [page.ids])
  return { withdrawn: await tx.all(withdrawAgedStatement, [...values, page.ids]), next }
}

const oldestKept = (through: string, also = '') => `(
  select m.created_time from message m
  where m.channel_id = c.id and m.id > ${through} ${also} order by m.id limit 1)`
const agedChannelsStatement = reading(
  'channels-with-aged',
  select({
    ...pageColumns,
    ids: column(
      jsonb<number[]>(),
      `(select coalesce(jsonb_agg(c.id), '[]') from page p join channel c on c.id = p.id
        where ${oldestKept('c.removed_through_id')} < ${keptSince}
          or ${oldestKept('c.files_removed_through_id', 'and m.file is not null')} < ${since('filesDays')})`,
    ),
  }),
  (columns) => `with ${pageOfChannels('$3', '$4')} select ${columns}`,
)
const lockChannelsStatement = {
  text: 'select from channel where id = any($1::bigint[]) order by id for no key update',
}

/** Of channel `c`, after the id `from`: the last id before the first kept message, or `from` if none has expired. */
const lastAged = (from: string, until: string, also = '') => `
  case when ${until} is null then ${from} else coalesce(
    (select m.id - 1 from message m
     where m.channel_id = c.id and m.id > ${from} and m.created_time >= ${until} ${also} order by m.id limit 1),
    (select m.id from message m where m.channel_id = c.id and m.id > ${from} ${also} order by m.id desc limit 1),
    ${from}) end`
const withdrawAgedStatement = {
  columns: withdrawnColumns,
  text: withdrawing(`
    select c.id, c.removed_through_id, c.files_removed_through_id, c.through_id,
           greatest(c.through_id, c.files_aged_id) as files_through_id
    from (
      select c.id, c.removed_through_id, c.files_removed_through_id,
             ${lastAged('c.removed_through_id', keptSince)} as through_id,
             ${lastAged('c.files_removed_through_id', since('filesDays'), 'and m.file is not null')} as files_aged_id
      from channel c where c.id = any($3::bigint[]) and c.application_id = $1
      offset 0
    ) c`),
}

// --------------------------------------------------------------------------------------------- removing

/** Returns how many messages of an application are withdrawn and not yet deleted. */
export function countWithdrawn(db: Querier, applicationId: number): Promise<number> {
  return db.single(countStatement, [applicationId])
}

const countStatement = reading(
  'count-withdrawn',
  column(int8, 'coalesce(sum(w.count), 0)::bigint'),
  (columns) => `
    select ${columns} from channel c cross join lateral (
      select (select count(*) from message m where m.channel_id = c.id and m.id <= c.removed_through_id) + (
        select count(*) from message m
        where m.channel_id = c.id and m.file is not null
          and m.id > c.removed_through_id and m.id <= c.files_removed_through_id) as count
    ) w
    where c.application_id = $1 and c.files_removed_through_id > 0`,
)

/** Deletes up to `limit` withdrawn messages in a page of channels after an id, the oldest of each channel first. */
export async function removeWithdrawn(
  tx: Querier,
  kind: 'messages' | 'files',
  { applicationId, after, limit }: Omit<AgedInput, 'retention'>,
): Promise<{ count: number; next: number | undefined }> {
  const values = [applicationId, after, channelsMax, limit]
  const page = await tx.single(removeStatements[kind], values)
  return { count: page.count, next: page.count >= limit ? after : nextAfter(page, channelsMax) }
}

function removing(kind: 'messages' | 'files') {
  const floor = kind === 'files' ? 'c.files_removed_through_id' : 'c.removed_through_id'
  const also = kind === 'files' ? 'and m.file is not null' : ''
  return reading(
    `remove-withdrawn-${kind}`,
    select({
      ...pageColumns,
      count: column(int4, '(select count(*)::int from gone)'),
    }),
    (columns) => `
      with ${pageOfChannels('$2', '$3')}, gone as (
        delete from message where id = any(array(
          select o.id from page p join channel c on c.id = p.id cross join lateral (
            select m.id from message m where m.channel_id = c.id and m.id <= ${floor} ${also}
            order by m.id limit $4::int
          ) o
          limit $4::int
        )) returning channel_id, created_time, file
      ), expired as (${shownFilesExpire('gone')}),
      active as (${noteActivityOf('gone')})
      select ${columns}`,
  )
}

const removeStatements = { messages: removing('messages'), files: removing('files') }

/** Deletes up to `limit` withdrawn messages of an application up to an id, newest first. @returns how many */
export function removeWithdrawnThrough(
  tx: Querier,
  applicationId: number,
  throughId: number,
  limit: number,
): Promise<number> {
  return tx.single(removeThroughStatement, [applicationId, throughId, limit])
}

const removeThroughStatement = reading(
  'remove-withdrawn-through',
  column(int4, '(select count(*)::int from gone)'),
  (columns) => `
    with batch as materialized (
      select m.id, m.channel_id from message m
      where m.application_id = $1 and m.id <= $2 and m.id <= ${withdrawnThrough('m.channel_id')}
      order by m.id desc limit $3::int
    ), place as materialized (
      select c.id from channel c where c.id in (select channel_id from batch) order by c.id for no key update
    ), gone as (
      delete from message m using place where m.id in (select id from batch) and m.channel_id = place.id
      returning m.channel_id, m.created_time, m.file
    ), expired as (${shownFilesExpire('gone')}),
    active as (${noteActivityOf('gone')})
    select ${columns}`,
)
