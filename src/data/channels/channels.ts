import { standingOf } from '#data/channels/memberships.ts'
import { type Columns, column, int8, listed, mapped, oneOf, select } from '#data/columns.ts'
import { type Db, finder, reading, readingByKey } from '#data/database.ts'
import { counterOf } from '#data/events/counters.ts'
import { Prisma } from '#data/generated/client.ts'
import {
  containing,
  knownSorts,
  type ListQuery,
  listPage,
  preparedName,
  propertiesContain,
  toPage,
} from '#data/lists.ts'
import { withDetails } from '#data/messages/message-details.ts'
import { lastMessagesHidden, type MemberOfChannel } from '#data/messages/seen-messages.ts'
import { isKeptBy } from '#data/removal/kept-messages.ts'
import { authoredChannelColumns, channelColumns, channelShape, userColumns } from '#data/rows.ts'
import { isHidden } from '#data/sql/is-unread.ts'
import {
  countUserChannelsText,
  type UserChannelsShape,
  userChannelsParts,
} from '#data/sql/list-user-channels.ts'
import { withCreators } from '#data/users/known-users.ts'
import type { Channel, ChannelType, SeenChannel, Standing } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

// -------------------------------------------------------------------------------------------- reading

/** Joins the creator and the last message of channel `c`, one step in the index message (channel_id, id). */
const channelJoins = `
  left join "user" creator on creator.id = c.creator_id
  left join lateral (
    select * from message m where m.channel_id = c.id and ${isKeptBy('c', 'm')} order by m.id desc limit 1
  ) last on true
  left join "user" author on author.id = last.user_id`

const findStatement = readingByKey(
  'find-channel',
  channelColumns,
  (columns) => `select ${columns} from channel c ${channelJoins} where c.id = $2 and c.application_id = $1`,
)

export async function findChannel(db: Db, applicationId: number, id: number): Promise<Channel | undefined> {
  const channels = await db.all(findStatement, [applicationId, id])
  await complete(db, channels)
  return channels[0]
}

const findManyStatement = reading(
  'find-channels',
  channelColumns,
  (columns) => `select ${columns} from channel c ${channelJoins} where c.id = any($1::bigint[])`,
)

/** Returns the channels with these ids, by id. */
export async function findChannels(db: Db, ids: number[]): Promise<Map<number, Channel>> {
  const channels = await db.all(findManyStatement, [ids])
  await complete(db, channels)
  return new Map(channels.map((channel) => [channel.id, channel]))
}

/**
 * Returns channels, by id, with the users who may not see the last message: see {@link lastMessagesHidden}.
 * @param concerned users who may have left or cleared these channels
 */
export async function findShownChannels(
  db: Db,
  ids: number[],
  concerned: MemberOfChannel[],
): Promise<{ channels: Map<number, Channel>; hidden: MemberOfChannel[] }> {
  const channels = await db.all(findManyStatement, [ids])
  const last = channels.flatMap(({ id: channelId, lastReceivedMessage: message }) =>
    message ? [{ channelId, messageId: message.id }] : [],
  )
  const [hidden] = await Promise.all([lastMessagesHidden(db, last, concerned), complete(db, channels)])
  return { channels: new Map(channels.map((channel) => [channel.id, channel])), hidden }
}

/** Returns the type of a channel, or undefined if the application has no such channel. */
export const findChannelType = finder(
  reading(
    'find-channel-type',
    column(channelShape.type, 'type'),
    (columns) => `select ${columns} from channel where id = $2 and application_id = $1`,
  ),
)

/**
 * Loads what other tables have about channels and their last messages.
 * @returns whether the authors of these still exist
 */
async function complete(db: Db, channels: Channel[]): Promise<boolean> {
  const lastMessages = channels.flatMap((channel) => channel.lastReceivedMessage ?? [])
  const [kept] = await Promise.all([
    withDetails(db, lastMessages),
    withCreators(db, channels),
    withDirectMembers(db, channels),
  ])
  return kept.length === lastMessages.length
}

/** Reads a page of channels, and reads it again if an author was deleted before it was complete. */
async function readCompletePage<C extends Channel>(db: Db, read: () => Promise<Page<C>>): Promise<Page<C>> {
  const page = await read()
  return (await complete(db, page.items)) ? page : readCompletePage(db, read)
}

async function withDirectMembers(db: Db, channels: Channel[]): Promise<void> {
  const direct = channels.flatMap((channel) => (channel.type === 'DIRECT' ? [channel] : []))
  const members = direct.length === 0 ? [] : await db.all(membersStatement, [direct.map(({ id }) => id)])
  for (const channel of direct) {
    channel.members = members.flatMap(({ channelId, user }) => (channelId === channel.id ? [user] : []))
  }
}

const membersStatement = readingByKey(
  'direct-channel-members',
  select({ channelId: column(int8, 'cm.channel_id'), user: userColumns('u') }),
  (columns) => `
    select ${columns} from channel_membership cm join "user" u on u.id = cm.user_id
    where cm.channel_id = any($1::bigint[]) order by cm.channel_id, u.id`,
)

export interface ChannelFilters {
  type?: ChannelType | undefined
  /** Usernames; a channel must have all of them as members. */
  members?: string[] | undefined
  /** ISO times between which the channel was created, both inclusive. */
  startTime?: string | undefined
  endTime?: string | undefined
  properties?: Record<string, unknown> | undefined
}

const sortable = {
  id: 'c.id',
  name: 'lower(c.name)',
  displayName: 'lower(c.display_name)',
  createdTime: 'c.created_time',
  type: 'c.type',
}

function listPageOfChannels(
  db: Db,
  list: Pick<ListQuery<Channel>, 'name' | 'line' | 'from' | 'where' | 'total'>,
  page: PageRequest,
): Promise<Page<Channel>> {
  const query: ListQuery<Channel> = {
    resource: 'channel',
    id: 'c.id',
    sortable,
    order: 'lower(c.name), c.id',
    columns: authoredChannelColumns,
    joins: `join channel c on c.id = page.id ${channelJoins}`,
    ...list,
  }
  return readCompletePage(db, () => listPage(db, query, page))
}

/** Lists the channels of an application by name; the case is ignored. */
export function readChannelPage(
  db: Db,
  applicationId: number,
  filters: ChannelFilters,
  page: PageRequest,
): Promise<Page<Channel>> {
  const narrowing = [
    ...(filters.type === undefined ? [] : [sql`c.type = ${filters.type}::channel_type`]),
    ...(filters.startTime === undefined ? [] : [sql`c.created_time >= ${filters.startTime}::timestamptz`]),
    ...(filters.endTime === undefined ? [] : [sql`c.created_time <= ${filters.endTime}::timestamptz`]),
    ...(filters.properties === undefined ? [] : [propertiesContain('c.properties', filters.properties)]),
    ...(filters.members ?? []).map(
      (name) => sql`exists (
        select from channel_membership cm join "user" u on u.id = cm.user_id
        where cm.channel_id = c.id and u.application_id = ${applicationId}::bigint
          and u.name = ${name} and u.deleted_time is null)`,
    ),
  ]
  return listPageOfChannels(
    db,
    {
      from: sql`channel c`,
      where: [sql`c.application_id = ${applicationId}::bigint`, ...narrowing],
      ...(narrowing.length === 0 && {
        name: 'list-channels',
        line: 'reads',
        total: counterOf('application.channels', applicationId),
      }),
      ...(narrowing.length === 1 && filters.type !== undefined && { name: 'list-channels-of-type' }),
    },
    page,
  )
}

export function listChannelsOfUser(db: Db, userId: number, page: PageRequest): Promise<Page<Channel>> {
  return listPageOfChannels(
    db,
    {
      name: 'list-channels-of-user',
      from: sql`channel_membership cm join channel c on c.id = cm.channel_id`,
      where: [sql`cm.user_id = ${userId}::bigint`],
    },
    page,
  )
}

// ---------------------------------------------------------------------------- visible to a user

/** The columns of channel `c` for user $1 with the membership `cm`. The last message is the newest the user can see. */
function seenColumns(columns: Columns<Channel>): Columns<SeenChannel> {
  return mapped(
    select({ standing: column(oneOf<Standing>(), standingOf('$1')), channel: columns }),
    ({ standing, channel }) => ({ ...channel, standing }),
  )
}
const seenJoins = `
  left join channel_membership cm on cm.channel_id = c.id and cm.user_id = $1
  left join "user" creator on creator.id = c.creator_id
  left join lateral (
    select * from message m
    where m.channel_id = c.id and m.id > coalesce(cm.cleared_through_id, 0) and ${isKeptBy('c', 'm')} and not ${isHidden}
    order by m.id desc limit 1
  ) last on true
  left join "user" author on author.id = last.user_id`

const findSeenStatement = readingByKey(
  'find-seen-channel',
  seenColumns(channelColumns),
  (columns) => `select ${columns} from channel c ${seenJoins} where c.id = $3 and c.application_id = $2`,
)

/** Returns a channel as the user sees it. The caller must check the standing to decide whether they may see it. */
export async function findSeenChannel(
  db: Db,
  { applicationId, userId }: { applicationId: number; userId: number },
  id: number,
): Promise<SeenChannel | undefined> {
  const channels = await db.all(findSeenStatement, [userId, applicationId, id])
  await complete(db, channels)
  return channels[0]
}

const listedSeenColumns = seenColumns(authoredChannelColumns)

/** Whose channels to list, which of them, and text that their name or display name contains (case is ignored). */
export interface UserChannelsQuery {
  applicationId: number
  userId: number
  of: UserChannelsShape['of']
  name?: string | undefined
}

/**
 * Lists channels that a user can see, the most recently active first unless another order is requested. With 100,000
 * public channels and 1,300,000 messages, a member of 1,000 gets a page of all channels in 11 ms, of their own in 8 ms,
 * of joinable ones in 1 ms, of unread ones in 4 ms if it reads to the end and 15 ms if each channel has a span; by a
 * rare name in 3 ms. Queries that look at all channels take longer: by a name that 100,000 have 290 ms, ordered by name
 * 240 ms.
 */
export function readUserChannelPage(
  db: Db,
  { applicationId, userId, of, name }: UserChannelsQuery,
  page: PageRequest,
): Promise<Page<SeenChannel>> {
  const { sort } = knownSorts(page, sortable)
  const order = sort.map(
    ({ property, descending }) =>
      `${sortable[property as keyof typeof sortable]} ${descending ? 'desc' : 'asc'}`,
  )
  const shape = { of, named: name !== undefined, order }
  const columns = listed(listedSeenColumns)
  const text = `
    with ${userChannelsParts(shape)}
    select ${columns.text} from total listed left join lateral (
      select page.place, ${listedSeenColumns.text} from page join channel c on c.id = page.id ${seenJoins}
    ) item on true
    order by item.place`
  const prepared = preparedName(`list-user-channels-${of}${shape.named ? '-named' : ''}`, sort)
  const statement = { text, columns, ...(prepared !== undefined && { name: prepared }) }
  const like = name === undefined ? null : containing(name)
  const values = [userId, applicationId, like, page.size, page.number * page.size]
  return readCompletePage(db, async () => toPage(await db.all(statement, values), page))
}

/** Returns how many channels {@link readUserChannelPage} lists, optionally of one type. */
export async function countChannelsOfUser(
  db: Db,
  { applicationId, userId, of, type }: Omit<UserChannelsQuery, 'name'> & { type?: ChannelType | undefined },
): Promise<number> {
  const text = countUserChannelsText(of, type)
  const name = `count-user-channels-${of}-${type ?? 'any'}`
  return (await db.one({ name, text, columns: column(int8, 'count') }, [userId, applicationId])) ?? 0
}
