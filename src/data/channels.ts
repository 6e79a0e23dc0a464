import { counterOf } from '#data/counters.ts'
import { type Db, type Tx, toJsonb } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { type ListQuery, listPage, propertiesContain } from '#data/lists.ts'
import { withMentions } from '#data/mentions.ts'
import { deleteMessagesOfChannel } from '#data/messages.ts'
import { channelColumns, messageColumns, toChannel, toUser, userColumns } from '#data/rows.ts'
import type { Channel, ChannelType } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

const { sql } = Prisma

// -------------------------------------------------------------------------------------------- reading

/** Of channel `c`: its creator, and its last message, which is one step into message (channel_id, id). */
const channelSelect = `${channelColumns('c')}, ${userColumns('creator')}, ${messageColumns('last')}, ${userColumns('author')}`
const channelJoins = `
  left join "user" creator on creator.id = c.creator_id
  left join lateral (select * from message m where m.channel_id = c.id order by m.id desc limit 1) last on true
  left join "user" author on author.id = last.user_id`

const findStatement = {
  name: 'find-channel',
  text: `select ${channelSelect} from channel c ${channelJoins} where c.id = $2 and c.application_id = $1`,
}

export async function findChannel(db: Db, applicationId: number, id: number): Promise<Channel | undefined> {
  const [row] = await db.query(findStatement, [applicationId, id])
  return row && (await complete(db, [toChannel(row)]))[0]
}

const findManyStatement = {
  name: 'find-channels',
  text: `select ${channelSelect} from channel c ${channelJoins} where c.id = any($1::bigint[])`,
}

/** The channels with these ids. */
export async function findChannels(db: Db, ids: number[]): Promise<Map<number, Channel>> {
  const rows = await db.query(findManyStatement, [ids])
  const channels = await complete(db, rows.map(toChannel))
  return new Map(channels.map((channel) => [channel.id, channel]))
}

/** The type of a channel, or undefined where the application has no such channel. */
export async function findChannelType(
  db: Db,
  applicationId: number,
  id: number,
): Promise<ChannelType | undefined> {
  const [row] = await db.query(findTypeStatement, [applicationId, id])
  return row?.[0] as ChannelType | undefined
}

const findTypeStatement = {
  name: 'find-channel-type',
  text: 'select type from channel where id = $2 and application_id = $1',
}

/** Gives direct channels their members, and last messages their mentions: at most three round trips a page. */
async function complete(db: Db, channels: Channel[]): Promise<Channel[]> {
  const direct = channels.flatMap((channel) => (channel.type === 'DIRECT' ? [channel] : []))
  const members = direct.length === 0 ? [] : await db.query(membersStatement, [direct.map(({ id }) => id)])
  for (const channel of direct) {
    channel.members = members.flatMap((row) => (row[0] === channel.id ? (toUser(row, 1) ?? []) : []))
  }
  await withMentions(
    db,
    channels.flatMap((channel) => channel.lastReceivedMessage ?? []),
  )
  return channels
}

const membersStatement = {
  name: 'direct-channel-members',
  text: `
    select cm.channel_id, ${userColumns('u')} from channel_membership cm join "user" u on u.id = cm.user_id
    where cm.channel_id = any($1::bigint[]) order by cm.channel_id, u.id`,
}

export interface ChannelFilters {
  type?: ChannelType | undefined
  /** Usernames; a channel must have them all. */
  members?: string[] | undefined
  /** ISO times that the creation lies between, ends included. */
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

async function listPageOfChannels(
  db: Db,
  list: Pick<ListQuery, 'name' | 'from' | 'where' | 'total'>,
  page: PageRequest,
): Promise<Page<Channel>> {
  const found = await listPage(
    db,
    {
      resource: 'channel',
      id: 'c.id',
      sortable,
      order: 'lower(c.name), c.id',
      select: `select page.place, ${channelSelect} from page join channel c on c.id = page.id ${channelJoins}`,
      ...list,
    },
    page,
    toChannel,
  )
  await complete(db, found.items)
  return found
}

/** Channels of an application by name, whatever its case. */
export function listChannels(
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
        total: counterOf('application.channels', applicationId),
      }),
    },
    page,
  )
}

/** Channels that a user is a member of. */
export function listChannelsOfUser(db: Db, userId: number, page: PageRequest): Promise<Page<Channel>> {
  return listPageOfChannels(
    db,
    {
      from: sql`channel_membership cm join channel c on c.id = cm.channel_id`,
      where: [sql`cm.user_id = ${userId}::bigint`],
    },
    page,
  )
}

// ------------------------------------------------------------------------------------------- changing

export interface NewChannel {
  type: ChannelType
  name: string
  displayName: string
  /** Of a direct channel: whose it is, by {@link memberSetOf}. */
  memberSet?: string
  creator?: User
  properties: Record<string, unknown>
}

/** Names a set of users: their ids in order. */
export function memberSetOf(users: Pick<User, 'id'>[]): string {
  return users
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join(',')
}

/** The new channel's id with its MAIN thread, or undefined where its name or set of members is taken. */
export async function insertChannel(
  tx: Tx,
  applicationId: number,
  channel: NewChannel,
): Promise<number | undefined> {
  const [row] = await tx.prisma.$queryRaw<{ id: bigint }[]>`
    insert into channel (application_id, type, name, display_name, member_set, creator_id, properties)
    values (
      ${BigInt(applicationId)}, ${channel.type}::channel_type, ${channel.name}, ${channel.displayName},
      ${channel.memberSet ?? null}, ${channel.creator ? BigInt(channel.creator.id) : null},
      ${toJsonb(channel.properties)}
    )
    on conflict do nothing returning id`
  if (!row) return undefined
  await tx.prisma.thread.create({
    data: { applicationId: BigInt(applicationId), channelId: row.id, type: 'MAIN' },
    select: { id: true },
  })
  return Number(row.id)
}

/** The channel that has the name, or the set of members. */
export async function findEquivalentChannel(
  db: Db,
  applicationId: number,
  key: { name: string } | { memberSet: string },
) {
  const row = await db.prisma.channel.findFirst({
    where: { applicationId, ...key },
    select: { id: true, type: true },
  })
  return row && { id: Number(row.id), type: row.type }
}

/** The channel's properties, locked until the transaction ends. */
export async function lockChannelProperties(tx: Tx, applicationId: number, id: number) {
  const rows = await tx.prisma.$queryRaw<{ type: ChannelType; properties: Record<string, unknown> }[]>`
    select type, properties from channel where id = ${BigInt(id)} and application_id = ${BigInt(applicationId)}
    for no key update`
  return rows[0]
}

export async function updateChannelRow(
  tx: Tx,
  id: number,
  { properties, ...changes }: { displayName?: string; properties?: Record<string, unknown> },
): Promise<void> {
  await tx.prisma.channel.update({ where: { id: BigInt(id) }, data: changes, select: { id: true } })
  if (properties) {
    await tx.prisma
      .$executeRaw`update channel set properties = ${toJsonb(properties)} where id = ${BigInt(id)}`
  }
}

/**
 * Deletes a channel with all that is in it.
 * @returns how many messages and members went, or undefined where there was no such channel
 */
export async function deleteChannelRow(
  tx: Tx,
  applicationId: number,
  id: number,
): Promise<{ messages: number; members: number } | undefined> {
  // The lock comes first: a send that was faster is counted, one that is slower finds no channel.
  const locked = await tx.prisma.$queryRaw<unknown[]>`
    select 1 from channel where id = ${BigInt(id)} and application_id = ${BigInt(applicationId)} for update`
  if (locked.length === 0) return undefined
  const messages = await deleteMessagesOfChannel(tx, id)
  const members = await tx.prisma.channelMembership.deleteMany({ where: { channelId: id } })
  await tx.prisma.channel.delete({ where: { id: BigInt(id) }, select: { id: true } })
  return { messages, members: members.count }
}
