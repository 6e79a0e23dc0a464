// A page of the messages a member can see, without those they cleared or hid, with the versions of authors, by keyset,
// in one round trip. For all channels of a user, each contributes up to a page by the index alone, and the page is
// taken from these. Indexes: message (channel_id, id, user_id), message_thread, message_file.
import { bool, column, int8, joined, nullable, select } from '#data/columns.ts'
import { type Reading, reading, readsByKey } from '#data/database.ts'
import { isKeptById } from '#data/removal/kept-messages.ts'
import { authoredColumns } from '#data/rows.ts'
import { isHidden } from '#data/sql/is-unread.ts'
import type { ListedMessage } from '#data/sql/list-messages.ts'

type SeenListed = Omit<ListedMessage, 'total'>

export interface SeenListShape {
  /** Where to list messages: $1 is the id of the channel or thread. */
  of: 'channel' | 'main thread' | 'thread' | 'all channels'
  /** Whether to list messages after the cursor, oldest first, instead of older ones, newest first. */
  newer: boolean
  /** Whether to list only messages with a file. */
  files: boolean
}

const scopes: Record<SeenListShape['of'], { memberships: string; messages: string }> = {
  channel: { memberships: 'cm.channel_id = $1', messages: 'm.channel_id = cm.channel_id' },
  'main thread': {
    memberships: 'cm.channel_id = $1',
    messages: 'm.channel_id = cm.channel_id and m.thread_id is null',
  },
  thread: {
    memberships: 'cm.channel_id = (select t.channel_id from thread t where t.id = $1)',
    messages: 'm.thread_id = $1',
  },
  'all channels': { memberships: '$1::bigint is null', messages: 'm.channel_id = cm.channel_id' },
}

const statements = new Map<string, Reading<SeenListed>>()

/** No rows: the user is not a member. Values: $1 channel or thread, $2 user, $3 cursor, $4 limit. */
export function listSeenMessagesStatement(shape: SeenListShape): Reading<SeenListed> {
  const key = `list-seen-${shape.of.replaceAll(' ', '-')}${shape.newer ? '-newer' : ''}${shape.files ? '-files' : ''}`
  const known = statements.get(key)
  if (known) return known
  const statement = compose(key, shape)
  statements.set(key, statement)
  return statement
}

function compose(name: string, { of, newer, files }: SeenListShape): Reading<SeenListed> {
  const { memberships, messages } = scopes[of]
  const member = `channel_membership cm join channel c on c.id = cm.channel_id where cm.user_id = $2 and ${memberships}`
  const ids = (than: '>' | '<=', order: 'asc' | 'desc', limit: string) => `
    select found.id from (
      select cm.*, c.removed_through_id, c.files_removed_through_id from ${member}
    ) cm
    cross join lateral (
      select m.id from message m
      where ${messages} and m.id ${than} $3::bigint and m.id > cm.cleared_through_id and ${isKeptById('cm', 'm')}
        ${files ? 'and m.file is not null' : ''} and not ${isHidden}
      order by m.id ${order} limit ${limit}
    ) found
    order by found.id ${order} limit ${limit}`
  const order = newer ? 'asc' : 'desc'
  const listed = select({
    anyNewer: column(bool, `(${ids('>', 'asc', '1')}) is not null`),
    newestOlder: column(nullable(int8), newer ? `(${ids('<=', 'desc', '1')})` : 'null::bigint'),
    message: joined(authoredColumns('item', 'author')),
  })
  const statement = reading(
    name,
    listed,
    (columns) => `
    with page as materialized (${ids(newer ? '>' : '<=', order, '$4::int')})
    select ${columns}
    from (select 1) always
    left join (page join message item on item.id = page.id left join "user" author on author.id = item.user_id) on true
    where ${of === 'all channels' ? 'true' : `exists (select from ${member})`}
    order by item.id ${order}`,
  )
  return of === 'all channels' ? statement : readsByKey(statement)
}
