// The channels that a user can see, by their last activity, newest first. The user's own channels are all looked up,
// one step in message (channel_id, id) each. Other public ones are unlimited: a page of them comes from the index on
// channel_activity, their total from a counter. Index for names: the trigram index channel_name_trgm.
import { counterValue } from '#data/events/counters.ts'
import { movingTypes } from '#data/sql/channel-activity.ts'
import { hasUnread } from '#data/sql/has-unread.ts'
import type { ChannelType } from '#resources/channel.ts'

export interface UserChannelsShape {
  /** Whether to list channels of which the user is a member, is not, or both. */
  of: 'visible' | 'joined' | 'joinable' | 'unread'
  /** Whether to list only group channels with a name or display name that matches $3. */
  named: boolean
  /** Expressions on channel `c` to order by before the last activity; the whole list must then be read. */
  order: string[]
}

/** Excludes hidden channels, which are direct ones that the user does not want to see. */
const joinedPart = ({ of, named }: Pick<UserChannelsShape, 'of' | 'named'>) => `
  select cm.channel_id as id, coalesce(
      (select max(m.id) from message m where m.channel_id = cm.channel_id),
      (select t.id from thread t where t.channel_id = cm.channel_id and t.type = 'MAIN'), 0) as last_id
  from channel_membership cm
  where cm.user_id = $1 and not cm.hidden
    ${named ? 'and cm.channel_id in (select id from named)' : ''} ${of === 'unread' ? `and ${hasUnread}` : ''}`

/** Whether user $1 could join the public channel `id`. */
const isOpen = (id: string) => `
  not exists (select from channel_membership cm where cm.user_id = $1 and cm.channel_id = ${id})
  and not exists (select from channel_block cb where cb.user_id = $1 and cb.channel_id = ${id})`

/** The first channels that the user could join, as many as `limit`. Includes messages of events not taken yet. */
const openPart = (named: boolean, limit: string) => `
  select id, max(last_id) as last_id from (
    (select a.channel_id as id, a.last_id from channel_activity a
     where a.application_id = $2 and ${isOpen('a.channel_id')} ${named ? 'and a.channel_id in (select id from named)' : ''}
     order by a.last_id desc limit ${named ? 'all' : limit})
    union all
    select o.channel_id, max((o.payload ->> 'messageId')::bigint)
    from outbox_event o join channel_activity a on a.channel_id = o.channel_id
    where o.application_id = $2 and o.type in ${movingTypes}
      and o.payload ? 'messageId' and ${isOpen('o.channel_id')}
      ${named ? 'and o.channel_id in (select id from named)' : ''}
    group by 1
  ) open group by id`

const namedPart = `
  named as materialized (
    select c.id from channel c
    where c.application_id = $2 and c.type <> 'DIRECT' and (c.name ilike $3 or c.display_name ilike $3)
  ), `

/** The number of public channels the user could join: all except those they are in or blocked from. */
const openTotal = `(${counterValue('application.public_channels', '$2')} - (
  select count(*) from channel_activity a where a.application_id = $2 and a.channel_id in (
    select cm.channel_id from channel_membership cm where cm.user_id = $1
    union select cb.channel_id from channel_block cb where cb.user_id = $1)))`

type Of = UserChannelsShape['of']
const wantsJoined = (of: Of) => of !== 'joinable'
const wantsOpen = (of: Of) => of === 'visible' || of === 'joinable'

/**
 * Returns SQL text of the CTEs `page (id, place)` and `total (total)`. Values: $1 user, $2 application, $3 pattern, $4
 * limit, $5 offset. As in data/lists.ts, the size of the page is hidden from the planner, so that one plan serves all
 * pages.
 */
export function userChannelsParts(shape: UserChannelsShape): string {
  const { of, named, order } = shape
  const limit = order.length === 0 ? '(select $4::bigint + $5::bigint)' : 'all'
  const sources = [
    ...(wantsJoined(of) ? ['select id, last_id from joined'] : []),
    ...(wantsOpen(of) ? [openPart(named, limit)] : []),
  ]
  const totals = [
    ...(wantsJoined(of) ? ['(select count(*) from joined)'] : []),
    ...(wantsOpen(of) ? [openTotal] : []),
  ]
  return `
    asked as (select $1::bigint, $2::bigint, $3::text, $4::bigint, $5::bigint), -- so that each has its type
    ${named ? namedPart : ''}
    ${wantsJoined(of) ? `joined as materialized (${joinedPart(shape)}), ` : ''}
    found as materialized (${sources.map((source) => `(${source})`).join(' union all ')}),
    total as (select ${named ? '(select count(*) from found)' : totals.join(' + ')} as total),
    page as materialized (
      select * from unnest(array(
        select f.id from found f ${order.length === 0 ? '' : 'join channel c on c.id = f.id'}
        order by ${[...order, 'f.last_id desc', 'f.id desc'].join(', ')}
        limit (select $4::bigint) offset (select $5::bigint)
      )) with ordinality page (id, place)
    )`
}

/** Returns SQL text for the number of channels in a list, optionally of one type. Values: $1 user, $2 application. */
export function countUserChannelsText(of: Of, type: ChannelType | undefined): string {
  const totals = [
    ...(wantsJoined(of)
      ? [
          `(select count(*) from channel_membership cm
            ${type === undefined ? '' : `join channel c on c.id = cm.channel_id and c.type = '${type}'`}
            where cm.user_id = $1 and not cm.hidden ${of === 'unread' ? `and ${hasUnread}` : ''})`,
        ]
      : []),
    ...(wantsOpen(of) && (type === undefined || type === 'PUBLIC') ? [openTotal] : []),
  ]
  return `with asked as (select $1::bigint, $2::bigint) select ${totals.join(' + ')}`
}
