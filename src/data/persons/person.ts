// Streams all data of one person by COPY, as of one moment, while others read and write.
import { to as copyTo } from 'pg-copy-streams'
import { columnsOf, jsonb, nullable, select, text, timestamptz } from '#data/columns.ts'
import { type Database, finder, reading } from '#data/database.ts'
import { isKept } from '#data/removal/kept-messages.ts'
import { partsOfSpan } from '#data/sql/compact-spans.ts'
import { inSnapshot } from '#data/transaction.ts'

/** A user, possibly deleted. */
export const findPerson = finder(
  reading(
    'find-person',
    select(
      columnsOf(
        {
          name: text,
          displayName: text,
          properties: jsonb<Record<string, unknown>>(),
          deletedTime: nullable(timestamptz),
        },
        'u',
      ),
    ),
    (columns) => `select ${columns} from "user" u where u.application_id = $1 and u.id = $2`,
  ),
)

/** By the name of the file in an export: SQL for its rows, where `$1` is the user's id. */
const parts = {
  profile: `
    select u.id, u.type, u.name, u.display_name as "displayName", u.is_guest as "isGuest",
      u.presence_status as "presenceStatus", u.picture_url as "pictureUrl", u.properties,
      u.created_time as "createdTime", u.deleted_time as "deletedTime",
      case when b.user_id is not null then
        json_build_object('reason', b.reason, 'until', b.until, 'createdTime', b.created_time) end as ban
    from "user" u left join user_ban b on b.user_id = u.id where u.id = $1`,
  memberships: `
    select c.id as "channelId", c.type, c.name, c.display_name as "displayName", cm.moderator, cm.muted, cm.hidden,
      cm.created_time as "joinedTime"
    from channel_membership cm join channel c on c.id = cm.channel_id
    where cm.user_id = $1 and c.application_id is not null order by c.id`,
  messages: `
    select m.id, m.channel_id as "channelId", m.thread_id as "threadId", m.parent_id as "parentId", m.type, m.body,
      m.file, m.group_tag as "groupTag", m.mentions, m.links, m.properties, m.created_time as "createdTime",
      m.last_edited_time as "lastEditedTime"
    from message m where m.user_id = $1 and ${isKept('m')} order by m.id`,
  reactions: `
    select message_id as "messageId", emoji, created_time as "createdTime"
    from reaction where user_id = $1 order by message_id, emoji`,
  reads: `
    select s.channel_id as "channelId", part.from_id as "fromMessageId", part.through_id as "throughMessageId",
      part.read_time as "createdTime"
    from read_span s cross join lateral ${partsOfSpan} part where s.user_id = $1 order by s.channel_id, part.from_id`,
  sessions: `
    select s.id, s.state, s.user_agent as "userAgent", s.created_time as "createdTime", s.end_time as "endTime", (
      select coalesce(json_agg(json_build_object(
        'channelId', cs.channel_id, 'createdTime', cs.created_time, 'endTime', cs.end_time) order by cs.id), '[]')
      from chat_session cs where cs.session_id = s.id) as "chatSessions"
    from user_session s where s.user_id = $1 order by s.id`,
  notifications: `
    select id, type, message_id as "messageId", title, body, muted, read_time as "readTime",
      created_time as "createdTime"
    from notification where recipient_id = $1 order by id`,
  reports: `
    select * from (
      select id, message_id as "messageId", reason, properties, created_time as "createdTime",
        null::text as resolution
      from message_report where user_id = $1
      union all
      select id, message_id, reason, properties, created_time, resolution::text
      from resolved_report where user_id = $1
    ) r order by id`,
  invites: `
    select id, channel_id as "channelId", invitee_id as "inviteeId", inviter_id as "inviterId",
      created_time as "createdTime"
    from channel_invite where invitee_id = $1 or inviter_id = $1 order by id`,
  blocks: `
    select blocked_id as "userId", created_time as "createdTime" from user_block where blocker_id = $1 order by id`,
} as const
export type PersonPart = keyof typeof parts
export const personParts = Object.keys(parts) as PersonPart[]

/** A file that the person sent or that is their display picture. */
export interface PersonFile {
  key: string
  name: string
}

export interface PersonSource {
  files: PersonFile[]
  /** Yields each row as JSON with a line feed, in chunks of any size. Only one part may be read at a time. */
  rows(part: PersonPart): AsyncIterable<Buffer>
}

/** Calls `work` with a snapshot of a person's data as of now, however long it takes. */
export function withPersonSnapshot<T>(
  db: Database,
  userId: number,
  work: (source: PersonSource) => Promise<T>,
): Promise<T> {
  const id = String(BigInt(userId))
  return inSnapshot(db.pool, async (client) => {
    const { rows: files } = await client.query<PersonFile>(
      `select f.key, f.name from message m join file f on f.key = (m.file ->> 'key')::uuid
       where m.user_id = $1 and m.file ->> 'key' is not null and f.expires_time is null and ${isKept('m')}
       union
       select f.key, f.name from "user" u join file f on f.id = u.picture_file_id where u.id = $1
       order by key`,
      [id],
    )
    return work({
      files,
      rows: (part) =>
        client.query(
          copyTo(
            `copy (select row_to_json(r)::text from (${parts[part].replaceAll('$1', () => id)}) r)
             to stdout (format csv, delimiter E'\\x02', quote E'\\x01')`,
          ),
        ),
    })
  })
}
