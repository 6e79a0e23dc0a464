// Channels as moderators see them.
import { bool, type Columns, column, columnsOf, int8, mapped, select } from '#data/columns.ts'
import { type Db, finder, reading } from '#data/database.ts'
import { counterValue } from '#data/events/counters.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset } from '#data/keyset.ts'
import { containing } from '#data/lists.ts'
import { authorColumns, channelShape } from '#data/rows.ts'
import type { ListPart } from '#resources/admin/list.ts'
import type { AdminChannel } from '#resources/admin/moderation.ts'
import type { ChannelType } from '#resources/channel.ts'

const { sql, raw } = Prisma

/** The columns of channels `c`, each joined with its `creator`. */
const columns: Columns<AdminChannel> = mapped(
  select({
    ...columnsOf(channelShape, 'c'),
    creator: authorColumns('creator'),
    messagesPersisted: column(bool, 'coalesce(c.messages_persisted, true)'),
    members: column(int8, counterValue('channel.members', 'c.id')),
    messages: column(int8, counterValue('channel.messages', 'c.id')),
  }),
  ({ creator, members, messages, ...channel }) => ({
    ...channel,
    counts: { members, messages },
    ...(creator && { creator }),
  }),
)
const withCreator = 'channel c left join "user" creator on creator.id = c.creator_id'

export interface AdminChannelFilters {
  /** Text that the name or display name must contain; the case is ignored. */
  query?: string | undefined
  type?: ChannelType | undefined
  /** Only channels that this user is a member of. */
  memberId?: number | undefined
}

/** Lists channels by name. Index: channel_name_order. */
export function listAdministeredChannels(
  db: Db,
  applicationId: number,
  { query, type, memberId }: AdminChannelFilters,
  request: KeysetRequest,
): Promise<ListPart<AdminChannel>> {
  const like = query === undefined ? undefined : containing(query)
  const where = [
    sql`c.application_id = ${applicationId}::bigint`,
    ...(like === undefined ? [] : [sql`(c.name ilike ${like} or c.display_name ilike ${like})`]),
    ...(type === undefined ? [] : [sql`c.type = ${type}::channel_type`]),
    ...(memberId === undefined
      ? []
      : [
          sql`c.id in (select cm.channel_id from channel_membership cm where cm.user_id = ${memberId}::bigint)`,
        ]),
  ]
  return listKeyset(
    db,
    {
      from: raw(withCreator),
      where,
      key: [
        ['lower(c.name)', 'text'],
        ['c.id', 'bigint'],
      ],
      descending: false,
      columns,
    },
    request,
  )
}

export const findAdministeredChannel = finder(
  reading(
    'find-administered-channel',
    columns,
    (columns) => `select ${columns} from ${withCreator} where c.id = $2 and c.application_id = $1`,
  ),
)
