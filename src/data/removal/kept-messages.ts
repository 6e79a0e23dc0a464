// Large numbers of messages are withdrawn in one commit: nobody sees them any more, no counter includes them, and a job
// deletes them later. Their channel stores the id up to which they are withdrawn (decision 22).
import { isThere } from '#data/removal/removed-channels.ts'

const floorOf = (column: string, channelId: string) =>
  `(select f.${column} from channel f where f.id = ${channelId} and f.application_id is not null)`

/** SQL text: the id up to which messages of a channel are withdrawn; null if the channel is removed. */
export const withdrawnThrough = (channelId: string) => floorOf('removed_through_id', channelId)

/** SQL text: whether message `m` is visible, for statements that read its row and that of its unremoved channel `c`. */
export const isKeptBy = (c: string, m: string) => `(
  ${m}.id > ${c}.removed_through_id and (${m}.file is null or ${m}.id > ${c}.files_removed_through_id))`

// Indexes do not contain files: a row is only read if its message may have a file that is too old.
const showsFile = (m: string) => `(select shown.file is not null from message shown where shown.id = ${m}.id)`

/** SQL text: the same for statements that only read columns of message `m` that an index has. */
export const isKeptById = (c: string, m: string) => `(
  ${m}.id > ${c}.removed_through_id and (${m}.id > ${c}.files_removed_through_id or not ${showsFile(m)}))`

/** SQL text: whether message `m` is visible: its channel is not removed and it is not withdrawn. */
export const isKept = (m: string) => `coalesce((
  select ${isKeptById('f', m)} from channel f where f.id = ${m}.channel_id and f.application_id is not null), false)`

/**
 * SQL text: the same for messages `m` of one channel; an index scan then begins after the withdrawn ones.
 * @param channelId SQL text that names no column of `m`
 */
export const isKeptIn = (channelId: string, m: string) => `(
  ${m}.id > ${withdrawnThrough(channelId)}
  and (${m}.id > ${floorOf('files_removed_through_id', channelId)} or not ${showsFile(m)}))`

/** SQL text: the same for statements that read whole rows; false for messages of another application's channel. */
export const isKeptInOf = (channelId: string, applicationId: string, m: string) => {
  const floor = (column: string) =>
    `(select f.${column} from channel f where f.id = ${channelId} and f.application_id = ${applicationId})`
  return `(
    ${m}.id > ${floor('removed_through_id')}
    and (${m}.id > ${floor('files_removed_through_id')} or ${m}.file is null))`
}

/**
 * SQL text: the same for many messages of one application. Channels are only looked up if any message was withdrawn,
 * which is rare. A user's list took 1.6 ms without this, and takes 0.9 ms. Index: channel_withdrawn.
 */
export const isKeptOf = (applicationId: string, m: string) => `(
  case when exists (
    select from channel f where f.application_id = ${applicationId} and f.files_removed_through_id > 0
  ) then ${isKept(m)} else ${isThere(`${m}.channel_id`)} end)`

/** SQL text: whether thread `t` is visible. That of a withdrawn message is, as long as it has a kept reply. */
export const isKeptThread = `(
  ${withdrawnThrough('t.channel_id')} is not null and (
    t.type <> 'MESSAGE' or t.id > ${withdrawnThrough('t.channel_id')}
    or exists (select from message m where m.thread_id = t.id and m.id > ${withdrawnThrough('t.channel_id')})))`
