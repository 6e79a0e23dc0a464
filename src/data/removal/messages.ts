// All messages of an application, the newest first. Index: message (application_id, id).
import { bool, column, int8, nullable, select } from '#data/columns.ts'
import { type Querier, reading } from '#data/database.ts'
import { counterValue } from '#data/events/counters.ts'
import { shownFilesExpire } from '#data/files.ts'
import { isThere } from '#data/removal/removed-channels.ts'
import type { RemovedMessages } from '#data/removal/retention.ts'

/** The newest message of an application, and how many there are; null where there is none. */
export function messagesToClear(
  db: Querier,
  applicationId: number,
): Promise<{ throughId: number | null; count: number }> {
  return db.single(toClearStatement, [applicationId])
}

const toClearStatement = reading(
  'messages-to-clear',
  select({
    throughId: column(
      nullable(int8),
      `(select m.id from message m where m.application_id = $1 and ${isThere('m.channel_id')} order by m.id desc limit 1)`,
    ),
    count: column(int8, counterValue('application.messages', '$1')),
  }),
  (columns) => `select ${columns}`,
)

/** Whether an application still has messages up to one. */
export function hasMessagesThrough(db: Querier, applicationId: number, throughId: number): Promise<boolean> {
  return db.single(anyStatement, [applicationId, throughId])
}

const anyStatement = reading(
  'any-messages-through',
  column(
    bool,
    `exists (select from message m where m.application_id = $1 and m.id <= $2 and ${isThere('m.channel_id')})`,
  ),
  (columns) => `select ${columns}`,
)

/** Removes up to `limit` messages of an application up to one, the newest first. @returns where they were */
export function removeMessagesThrough(
  tx: Querier,
  applicationId: number,
  throughId: number,
  limit: number,
): Promise<RemovedMessages[]> {
  return tx.all(throughStatement, [applicationId, throughId, limit])
}

const throughStatement = reading(
  'remove-messages-through',
  select({
    channelId: column(int8, 'gone.channel_id'),
    threadId: column(nullable(int8), 'gone.thread_id'),
    count: column(int8, 'count(*)'),
  }),
  (columns) => `
    with gone as (
      delete from message where id = any(array(
        select m.id from message m where m.application_id = $1 and m.id <= $2 and ${isThere('m.channel_id')}
        order by m.id desc limit $3::int
      )) returning channel_id, thread_id, file
    ), expired as (${shownFilesExpire('gone')})
    select ${columns} from gone group by 1, 2`,
)
