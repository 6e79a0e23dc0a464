// Messages that go by the thousand are withdrawn in one commit: nobody sees them any more, no counter counts them, and a
// job takes its time to remove them. Their channel says up to which id they are withdrawn (decision 22).
import { isThere } from '#data/removal/removed-channels.ts'

const floorOf = (column: string, channelId: string) =>
  `(select f.${column} from channel f where f.id = ${channelId} and f.application_id is not null)`

/** SQL text: up to which id the messages of a channel are withdrawn; null where the channel is removed. */
export const withdrawnThrough = (channelId: string) => floorOf('removed_through_id', channelId)

/** SQL text: whether message `m`, the row of which is read, is there for anybody, by that of its channel, not removed. */
export const isKeptBy = (c: string, m: string) => `(
  ${m}.id > ${c}.removed_through_id and (${m}.file is null or ${m}.id > ${c}.files_removed_through_id))`

// Indexes have no files: a message is looked at only where it may be one whose file is too old.
const showsFile = (m: string) => `(select shown.file is not null from message shown where shown.id = ${m}.id)`

/** SQL text: the same for messages `m` of which only what an index has is read. */
export const isKeptById = (c: string, m: string) => `(
  ${m}.id > ${c}.removed_through_id and (${m}.id > ${c}.files_removed_through_id or not ${showsFile(m)}))`

/** SQL text: whether message `m` is there for anybody: neither its channel is removed, nor it withdrawn. */
export const isKept = (m: string) => `coalesce((
  select ${isKeptById('f', m)} from channel f where f.id = ${m}.channel_id and f.application_id is not null), false)`

/**
 * SQL text: the same for messages `m` of one channel, the reading of which begins behind those that are withdrawn.
 * @param channelId SQL text that names no column of `m`
 */
export const isKeptIn = (channelId: string, m: string) => `(
  ${m}.id > ${withdrawnThrough(channelId)}
  and (${m}.id > ${floorOf('files_removed_through_id', channelId)} or not ${showsFile(m)}))`

/** SQL text: the same for messages the rows of which are read, of a channel of that application: of others none is. */
export const isKeptInOf = (channelId: string, applicationId: string, m: string) => {
  const floor = (column: string) =>
    `(select f.${column} from channel f where f.id = ${channelId} and f.application_id = ${applicationId})`
  return `(
    ${m}.id > ${floor('removed_through_id')}
    and (${m}.id > ${floor('files_removed_through_id')} or ${m}.file is null))`
}

/**
 * SQL text: the same for many messages of one application, which hardly ever has any that are withdrawn: then no row
 * costs a look at its channel. A user's list took 1.6 ms without this, and takes 0.9 ms. Index: channel_withdrawn.
 */
export const isKeptOf = (applicationId: string, m: string) => `(
  case when exists (
    select from channel f where f.application_id = ${applicationId} and f.files_removed_through_id > 0
  ) then ${isKept(m)} else ${isThere(`${m}.channel_id`)} end)`

/** SQL text: whether thread `t` is there for anybody: what hangs under a withdrawn message is, while it has an answer. */
export const isKeptThread = `(
  ${withdrawnThrough('t.channel_id')} is not null and (
    t.type <> 'MESSAGE' or t.id > ${withdrawnThrough('t.channel_id')}
    or exists (select from message m where m.thread_id = t.id and m.id > ${withdrawnThrough('t.channel_id')})))`
